"""Playbooks of any size, which ask what the bare loops ask."""


def council(
    servants: int, redirects: int, *, concurrency: int | None = None, chars: int = 0, pause: bool = False
) -> str:
    """Return a playbook in which each servant has a task and so many redirects.

    Args:
        servants: How many there are.
        redirects: How many redirects go to all.
        concurrency: How many calls there may be at once; as many as there are servants where it is None.
        chars: How long the text of a redirect is at least.
        pause: Whether a person is asked at the end, so that the run waits and can be carried on.
    """
    slots = "\n".join(f"  - {{slot: s{number}, role: adviser}}" for number in range(servants))
    messages = [f"  - {{id: m{number}, to: all, message: {text(number, chars)}}}" for number in range(redirects)]
    if pause:
        messages.append("  - {id: ask, pause: Go on?}")
    return (
        f"overlord: 1\nname: bench\nengine: {{concurrency: {concurrency or servants}}}\n"
        f"roles:\n  adviser: {{system: You advise., task: Task.}}\nassignments:\n{slots}\n"
        + ("redirects:\n" + "\n".join(messages) + "\n" if messages else "")
    )


def text(number: int, chars: int) -> str:
    """Return the text of a redirect."""
    return f"Go on {number}.".ljust(chars, ".")


def said(redirects: int, chars: int, reply: str = "Ready.") -> int:
    """Return how many characters one servant's conversation has of its own, system message apart."""
    asked = len("Task.") + sum(len(text(number, chars)) for number in range(redirects))
    return asked + (redirects + 1) * len(reply)
