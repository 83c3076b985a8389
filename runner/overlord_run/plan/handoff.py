"""Tell a new servant in a slot what the one before it was asked and answered, in short."""

from overlord_run.plan.conversation import Conversation, Turn, turns
from overlord_run.plan.language.templates import render
from overlord_run.playbook.texts import Place, Text

MAX_CHARS = 8_000
"""How many characters of tasks, questions and answers a handoff quotes at most."""
_SHORTEST_PART = 200

_TEMPLATE = Text(
    """\
You take over from another servant in this slot, which could not go on: {{ reason }}.
{% if task %}
Its first task was:
{{ task | as_data("Quoted, from the Overlord to the servant before you:") }}
{% endif %}
{% for turn in turns %}
{{ turn.content | as_data(turn.label) }}
{% endfor %}
Carry on in its place. What follows is for you.
""",
    Place("handoff", 1, 1),
)
_LABELS = {
    "user": "Quoted, from the Overlord to the servant before you:",
    "assistant": "Quoted, what the servant before you answered:",
}


def handoff(reason: str, task: str | None, conversation: Conversation) -> str:
    """Return the handoff: why, the first task, and the newest exchanges that there is room for.

    Args:
        reason: Why the servant before could not go on, without a full stop.
        task: Its first task, or None.
        conversation: Its texts, the oldest first.
    """
    room = MAX_CHARS
    first = None if task is None else _cut(task, room // 2)
    room -= len(first or "")
    quoted = []
    for turn in reversed(_without_task(conversation, task)):
        if room < _SHORTEST_PART:
            break
        content = _cut(turn.content, room)
        room -= len(content)
        quoted.append({"content": content, "label": _LABELS[turn.role]})
    return render(_TEMPLATE, {"reason": reason, "task": first, "turns": quoted[::-1]})


def _without_task(conversation: Conversation, task: str | None) -> list[Turn]:
    said = [turn for turn in turns(conversation) if turn.role != "system"]
    return said[1:] if said and said[0].content == task else said


def _cut(text: str, most: int) -> str:
    """Return a text whose middle is left out where it has more than `most` characters."""
    if len(text) <= most:
        return text
    left_out = len(text) - most
    half = most // 2
    return f"{text[:half]}\n[… {left_out} characters are left out …]\n{text[-half:]}"
