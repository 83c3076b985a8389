"""Files that want to hang, fill or crash the program or to fool its reader, and what is told of each, whole.

A row names a kind of file, says what it holds, and which exit code and which lines it gives. `AT` in a line is the
file's name. What shows the file's own text below a problem is tested elsewhere, and left out.
"""

import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024

SOUND = "overlord: 1\nname: one\nroles: {a: {system: S, task: T}}\nassignments: [{slot: alder, role: a}]\n"
ASKING = """\
overlord: 1
name: asking
inputs:
  text: {type: string, default: a, pattern: '^((a|b)+)+$'}
  count: {type: integer, default: 0}
  share: {type: number, default: 0}
  strict: {type: boolean, default: false}
  options: {type: object, default: {}}
  plan: {type: file}
  docs: {type: files}
roles: {a: {system: S, task: "{{ inputs | to_json }}"}}
assignments: [{slot: alder, role: a}]
"""
HEADER = b'{"type":"recording","schemaVersion":1,"id":"20261122-132501-council-7f3a","engine":"chat"}\n'

BESIDE: Mapping[str, str] = {
    "sound.yml": SOUND,
    "asking.yml": ASKING,
    "sound.txt": "text",
    "with-role.yml": SOUND.replace("{system: S, task: T}", "{from: ./trap.md, task: T}"),
    "with-pack.yml": SOUND.replace("{system: S, task: T}", "{from: acme/critic, task: T}").replace(
        "roles:", "packs: {acme: {git: 'https://github.com/acme/roles', rev: v1}}\nroles:"
    ),
    "with-task.yml": SOUND.replace("task: T", "task_file: trap.txt"),
    "with-schema.yml": SOUND.replace("role: a}", "role: a, expect: {schema_file: trap.json}}"),
}
"""What stands in each folder."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that a user gives.

    Attributes:
        name: The file's.
        words: The command line that reads it.
        exit: The exit code where it is no file that can be read.
        unread: What is told then; `WHY` is what it is, `HINT` what to do.
    """

    name: str
    words: Sequence[str]
    exit: int
    unread: str


_PLAN = ("run", "--dry-run")
_ASK = (*_PLAN, "asking.yml", "-i", "plan=sound.txt", "-i", "docs=sound.txt")
_ITSELF = "AT:1:1: error: 'AT' WHY (HINT) [RULE]"
_GIVEN = "error: 'AT' WHY\nnext: Hint."

KINDS: Mapping[str, Kind] = {
    "playbook": Kind("trap.yml", ("validate", "-q", "trap.yml"), 3, _ITSELF),
    "role": Kind("trap.md", ("validate", "-q", "trap.md"), 3, _ITSELF),
    "named role": Kind(
        "trap.md", ("validate", "-q", "with-role.yml"), 3, "with-role.yml:3:19: error: './AT' WHY (HINT) [RULE]"
    ),
    "task file": Kind(
        "trap.txt", ("validate", "-q", "with-task.yml"), 3, "with-task.yml:3:35: error: 'AT' WHY (HINT) [RULE]"
    ),
    "schema": Kind(
        "trap.json", ("validate", "-q", "with-schema.yml"), 3, "with-schema.yml:4:60: error: 'AT' WHY (HINT) [RULE]"
    ),
    "lock": Kind(
        "overlord.lock", ("validate", "-q", "with-pack.yml"), 3, "with-pack.yml:3:9: error: 'AT' WHY (HINT) [RULE]"
    ),
    "script": Kind("trap.yml", (*_PLAN, "sound.yml", "--rehearse", "trap.yml"), 3, _ITSELF),
    "recording": Kind("trap.jsonl", (*_PLAN, "sound.yml", "--replay", "trap.jsonl"), 2, _GIVEN),
    "inputs": Kind("trap.yml", (*_ASK, "--inputs", "trap.yml"), 2, _GIVEN),
    "value": Kind("trap.txt", (*_ASK, "-I", "options=trap.txt"), 2, _GIVEN),
    "count": Kind("trap.txt", (*_ASK, "-I", "count=trap.txt"), 2, _GIVEN),
    "share": Kind("trap.txt", (*_ASK, "-I", "share=trap.txt"), 2, _GIVEN),
    "text": Kind("trap.txt", (*_ASK, "-I", "text=trap.txt"), 2, _GIVEN),
    "file": Kind("trap.txt", (*_PLAN, "asking.yml", "-i", "docs=sound.txt", "-i", "plan=trap.txt"), 2, _GIVEN),
    "files": Kind("trap.txt", (*_PLAN, "asking.yml", "-i", "plan=sound.txt", "-i", "docs=trap.txt"), 2, _GIVEN),
    "plan": Kind("trap.yml", (*_PLAN, "trap.yml"), 3, _ITSELF),
}


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path may be a hundred characters long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(before)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


_UNREADABLE = ("file-unreadable", "name a regular file")
SPECIAL: Mapping[str, tuple[Callable[[Path], object], str, str, str]] = {
    "a folder": (Path.mkdir, "is a folder, not a file", *_UNREADABLE),
    "a named pipe": (os.mkfifo, "is a named pipe, not a file", *_UNREADABLE),
    "a socket": (_socket, "is a socket, not a file", *_UNREADABLE),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file", *_UNREADABLE),
    "a link to itself": (
        lambda path: path.symlink_to(path.name),
        "cannot be read: Too many levels of symbolic links",
        "file-unreadable",
        "check the path and its rights",
    ),
    "a terabyte of holes": (_sparse, "is larger than LIMIT bytes", "too-large", "make it smaller"),
}
"""What is no file to be read: how it is made, and why it is refused, by which rule, and with which hint."""

_PLAYBOOKS_LIMIT, _TEXTS_LIMIT, _RECORDINGS_LIMIT = "4,194,304", "1,048,576", "268,435,456"
LIMITS: Mapping[str, str] = {
    **dict.fromkeys(KINDS, _TEXTS_LIMIT),
    **dict.fromkeys(("playbook", "role", "lock", "script", "plan"), _PLAYBOOKS_LIMIT),
    "recording": _RECORDINGS_LIMIT,
}
_BESIDE_A_PLAYBOOK = ("named role", "lock", "task file", "schema")
_WITHOUT_FILES = (
    "error: no playbook, role file, examples or script in AT\nnext: Name a playbook, or a folder that holds one."
)
_NO_MATCH = "error: no file matches 'AT'\nnext: "


def unread(special: str, kind: str) -> tuple[int, str]:
    """Return the exit code and what is told where something special stands in a file's place."""
    if special == "a folder" and kind in ("playbook", "role"):  # which may be full of them
        return 2, _WITHOUT_FILES
    if kind == "files" and special == "a folder":
        return 2, f"{_NO_MATCH}It is a folder: AT/** is all that it holds."
    if kind == "files" and special != "a terabyte of holes":  # a glob passes over what is no file
        return 2, f"{_NO_MATCH}Check it. Write a glob from the current folder, such as 'docs/**/*.md'."
    _, why, rule, hint = SPECIAL[special]
    if kind in _BESIDE_A_PLAYBOOK and special == "a device":  # by a link that leads out
        why, rule = "is outside of the playbook's folder", "file-outside"
        hint = "put the file beside the playbook, not behind .. or a link"
    elif kind in _BESIDE_A_PLAYBOOK and special == "a link to itself":
        why = "cannot be read: its links lead in a circle"
    told = KINDS[kind].unread.replace("WHY", why).replace("LIMIT", LIMITS[kind]).replace("RULE", rule)
    return KINDS[kind].exit, told.replace("HINT", hint).replace("Hint", hint.capitalize())


@dataclass(frozen=True, slots=True)
class Trap:
    """What a file of a kind holds, and what that gives."""

    kind: str
    content: str | bytes
    told: str
    exit: int = 3


def _front(text: str) -> str:
    return f"---\n{text}\n---\nYou judge.\n"


_DEEP = "values are nested more than 50 deep (nest them less deeply) [too-deep]"
_MANY = (
    "the file holds more than 150,000 values once its aliases are expanded (split it, or use fewer aliases) [too-large]"
)
_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_ENTRY = (
    f"  - {{pack: acme, git: 'https://github.com/acme/roles', rev: v1, kind: tag, commit: {'1a' * 20}, files: {{}}}}\n"
)
_DIGITS = "9" * 5000
_NINES = "9" * 40
_TOO_LARGE = f"{_NINES}… is too large: a number must fit in 64 bits (quote it if it is meant as text) [number]"
_NOT_JSON = "AT:2:1: error: the line is not JSON (put it back as it was recorded, or record the run anew) [recording]"
_NO_UNICODE = (
    "this is not YAML: found invalid Unicode character escape code while parsing a quoted scalar"
    " (write the character itself) [yaml-syntax]"
)
_NESTED_JSON = '{"a":' * 100_000 + "1" + "}" * 100_000
_FRONT_MATTER = (
    "AT:1:1: error: the file does not begin with front matter between two '---' lines"
    " (begin the file with ---, overlord: 1, role: NAME, --- on lines of their own) [front-matter]"
)
_KNOWN = (
    "known here: '$schema', 'overlord', 'name', 'description', 'inputs', 'vars', 'engine', 'models', 'packs',"
    " 'roles', 'assignments', 'redirects', 'outputs'"
)
_NUL = "the character U+0000 is not allowed here (remove it) [control-character]"
_OVERLONG = "the byte 0xc0 at offset {} is not UTF-8 (save the file as UTF-8) [encoding]"


def _council(servants: int, redirects: Iterable[str]) -> str:
    slots = "".join(f"  - {{slot: s{number}, role: a}}\n" for number in range(servants))
    follow_ups = "".join(f"  - {{id: r{number}, {each}}}\n" for number, each in enumerate(redirects))
    head, _, _ = SOUND.partition("assignments")
    return f"{head}assignments:\n{slots}redirects:\n{follow_ups}"


_THREE_THOUSAND = f"[{', '.join(f's{number}' for number in range(3000))}]"


def _of_a_lock(told: str) -> str:
    """Return what is told of a playbook as it is told of a lock, which nobody writes by hand."""
    hint = "take its old text back, or delete it and run overlord-run roles lock"
    return f"{told.partition(' (')[0]} ({hint}) [{told.rpartition(' [')[2]}"


TRAPS: Mapping[str, Trap] = {
    # depth: libyaml's own composer overflows the C stack
    "30,000 [ in a playbook": Trap("playbook", "[" * 30_000, f"AT:1:51: error: {_DEEP}"),
    "30,000 { in a playbook": Trap("playbook", "{" * 30_000, f"AT:1:51: error: {_DEEP}"),
    "30,000 [ in a role": Trap("role", _front("[" * 30_000), f"AT:2:51: error: {_DEEP}"),
    "30,000 [ in a lock": Trap("lock", "[" * 30_000, _of_a_lock(f"AT:1:51: error: {_DEEP}")),
    "30,000 [ in a script": Trap("script", "[" * 30_000, f"AT:1:51: error: {_DEEP}"),
    "30,000 [ in a schema": Trap("schema", "[" * 30_000, f"AT:1:51: error: {_DEEP}"),
    "30,000 [ in inputs": Trap("inputs", "[" * 30_000, f"error: AT:1:51: error: {_DEEP}", 2),
    "30,000 [ in a recording": Trap("recording", HEADER + b"[" * 30_000 + b"\n", _NOT_JSON),
    "100,000 objects in a value": Trap(
        "value",
        _NESTED_JSON,
        "error: input 'options' must be a mapping, not text\nnext: Write JSON, such as {\"a\": 1}.",
        2,
    ),
    "100,000 objects in a recording": Trap("recording", HEADER + _NESTED_JSON.encode() + b"\n", _NOT_JSON),
    "100,000 objects in a schema": Trap("schema", _NESTED_JSON, f"AT:1:247: error: {_DEEP}"),
    # aliases that expand to a thousand million values
    "an alias bomb in a playbook": Trap("playbook", _BOMB, f"AT:6:11: error: {_MANY}"),
    "an alias bomb in a role": Trap("role", _front(_BOMB), f"AT:7:11: error: {_MANY}"),
    "an alias bomb in a lock": Trap("lock", _BOMB, _of_a_lock(f"AT:6:11: error: {_MANY}")),
    "an alias bomb in a script": Trap("script", _BOMB, f"AT:6:11: error: {_MANY}"),
    "an alias bomb in inputs": Trap("inputs", _BOMB, f"error: AT:6:11: error: {_MANY}", 2),
    "a long text, a thousand times": Trap(
        "inputs",
        f"text: &a {'x' * 100_000}\noptions: [{'*a,' * 1000}]\n",
        "error: AT:2:257: error: the file holds more than 8,388,608 characters once its aliases are expanded"
        " (split it, or use fewer aliases) [too-large]",
        2,
    ),
    # two equal keys, of which the last would win in silence
    "a key twice in a playbook": Trap(
        "playbook",
        SOUND + "name: two\n",
        "AT:5:1: error: the key 'name' stands here twice, first on line 2 (keep one of them) [duplicate-key]",
    ),
    "a key twice in a role": Trap(
        "role",
        _front("overlord: 1\nrole: a\nrole: b"),
        "AT:4:1: error: the key 'role' stands here twice, first on line 3 (keep one of them) [duplicate-key]",
    ),
    "a key twice in a lock": Trap(
        "lock",
        "overlord: 1\npacks: []\npacks: []\n",
        "AT:3:1: error: the key 'packs' stands here twice, first on line 2 (keep one of them) [duplicate-key]",
    ),
    "a key twice in a script": Trap(
        "script",
        "overlord: 1\nanswers: {alder: {startup: Yes.}, alder: {startup: No.}}\n",
        "AT:2:35: error: the key 'alder' stands here twice, first on line 2 (keep one of them) [duplicate-key]",
    ),
    "a key twice in inputs": Trap(
        "inputs",
        '{"count": 1, "count": 2}',
        "error: AT:1:14: error: the key 'count' stands here twice, first on line 1 (keep one of them) [duplicate-key]",
        2,
    ),
    "a key twice in a value": Trap(
        "value",
        '{"a": 1, "a": 2}',
        "error: input 'options' must be a mapping, not text\nnext: Write JSON, such as {\"a\": 1}.",
        2,
    ),
    # scalars of YAML 1.1, which are texts here
    "yes in inputs": Trap(
        "inputs",
        "strict: yes",
        "error: input 'strict' must be true or false, not text\nnext: Correct what -i, -I or --inputs gives.",
        2,
    ),
    "a time in inputs": Trap(
        "inputs",
        "count: 1:30",
        "error: input 'count' must be a whole number, not text\nnext: Correct what -i, -I or --inputs gives.",
        2,
    ),
    "a date that there is not, in inputs": Trap(
        "inputs",
        "text: 2001-99-99",
        "error: input 'text' must match the pattern '^((a|b)+)+$'\nnext: Correct what -i, -I or --inputs gives.",
        2,
    ),
    "a date that there is not, in a playbook": Trap("playbook", SOUND + "description: 2001-99-99\n", "", 0),
    "no, for a name": Trap("playbook", SOUND.replace("name: one", "name: no"), "", 0),
    # numbers
    "5,000 digits in a playbook": Trap("playbook", f"{SOUND}description: {_DIGITS}\n", f"AT:5:14: error: {_TOO_LARGE}"),
    "5,000 digits in a script": Trap("script", f"overlord: {_DIGITS}\n", f"AT:1:11: error: {_TOO_LARGE}"),
    "5,000 digits in inputs": Trap("inputs", f"count: {_DIGITS}", f"error: AT:1:8: error: {_TOO_LARGE}", 2),
    "5,000 digits as a value": Trap(
        "count",
        _DIGITS,
        "error: input 'count' must be a whole number, not text\nnext: Write digits only, such as 5.",
        2,
    ),
    "5,000 digits in a recording": Trap("recording", HEADER + b'{"at": ' + _DIGITS.encode() + b"}\n", _NOT_JSON),
    "NaN as a value": Trap(
        "share", "NaN", "error: input 'share' must be a number, not text\nnext: Write a number, such as 0.5.", 2
    ),
    "1e999 as a value": Trap(
        "share",
        "1e999",
        "error: input 'share' holds a number that is not finite\nnext: Write a number, such as 0.5.",
        2,
    ),
    "NaN in a recording": Trap("recording", HEADER + b'{"at": NaN}\n', _NOT_JSON),
    # bytes that are no text
    "a NUL in a playbook": Trap("playbook", "a: \0\n", f"AT:1:4: error: {_NUL}"),
    "a NUL in a role": Trap("role", _front("a: \0"), f"AT:2:4: error: {_NUL}"),
    "a NUL in a lock": Trap("lock", "overlord: 1\npacks: []\0\n", _of_a_lock(f"AT:2:10: error: {_NUL}")),
    "a NUL in a task file": Trap(
        "task file",
        "a: \0\n",
        "with-task.yml:3:35: error: 'AT' is not text: it holds a NUL at offset 3 (name a text file) [encoding]",
    ),
    "a NUL in a file": Trap(
        "file", "a: \0\n", "error: AT is not text: it holds a NUL at offset 3\nnext: Name a text file.", 2
    ),
    "UTF-16 in a playbook": Trap(
        "playbook",
        SOUND.encode("utf-16"),
        "AT:1:1: error: the file is UTF-16, not UTF-8 (save the file as UTF-8) [encoding]",
    ),
    "UTF-16 without its mark": Trap(
        "playbook", "a:".encode("utf-16-be"), f"AT:1:1: error: {_NUL}\nAT:1:3: error: {_NUL}"
    ),
    "UTF-16 in a file": Trap(
        "file", "a".encode("utf-16"), "error: AT is UTF-16, not UTF-8\nnext: Save it as UTF-8.", 2
    ),
    "overlong UTF-8 in a playbook": Trap("playbook", b"a: \xc0\xaf\n", f"AT:1:4: error: {_OVERLONG.format(3)}"),
    "overlong UTF-8 in a role": Trap("role", b"---\na: \xc0\xaf\n---\n", f"AT:2:4: error: {_OVERLONG.format(7)}"),
    "overlong UTF-8 in files": Trap(
        "files", b"a: \xc0\xaf\n", "error: 'AT' is not UTF-8: byte 0xc0 at offset 3\nnext: Save it as UTF-8.", 2
    ),
    "a surrogate in UTF-8": Trap(
        "inputs",
        b"a: \xed\xa0\x80\n",
        "error: AT:1:4: error: the byte 0xed at offset 3 is not UTF-8 (save the file as UTF-8) [encoding]",
        2,
    ),
    "half a character, escaped, in a playbook": Trap("playbook", 'a: "\\ud800"\n', f"AT:1:7: error: {_NO_UNICODE}"),
    "half a character, escaped, in a value": Trap(
        "value",
        '{"a": "\\ud800"}',
        "error: input 'options' holds bytes that are no text\nnext: Write JSON, such as {\"a\": 1}.",
        2,
    ),
    # text that fools its reader
    "a text that turns its line around": Trap(
        "playbook",
        SOUND + "\u202eeman: two\n",
        f"AT:5:1: error: unknown key '\\u202eeman' ({_KNOWN}) [unknown-key]",
    ),
    "a key that steers the terminal": Trap(
        "playbook",
        SOUND + "\x1b[2J: 1\n",
        "AT:5:1: error: the character U+001B is not allowed here (remove it) [control-character]",
    ),
    "a zero-width key in inputs": Trap(
        "inputs", "te\u200bxt: a", "error: the playbook declares no input 'te\\u200bxt'\nnext: Did you mean 'text'?", 2
    ),
    # line ends
    "line ends of Windows": Trap(
        "playbook",
        SOUND.replace("\n", "\r\n") + "nme: two\r\n",
        "AT:5:1: error: unknown key 'nme' (did you mean 'name'?) [unknown-key]",
    ),
    "line ends of old": Trap(
        "playbook",
        SOUND.replace("\n", "\r") + "nme: two\r",
        "AT:5:1: error: unknown key 'nme' (did you mean 'name'?) [unknown-key]",
    ),
    # much of something
    "10 MiB of comments": Trap(
        "playbook",
        "#\n" * (5 * MIB) + SOUND,
        "AT:1:1: error: 'AT' is larger than 4,194,304 bytes (make it smaller) [too-large]",
    ),
    "all that is allowed, of comments": Trap("playbook", SOUND + "#\n" * (2 * MIB - 100), "", 0),
    "a mebibyte of comments that silence": Trap(
        "playbook",
        SOUND + "#overlord:ignore\n" * (MIB // 17),
        "\n".join(
            f"AT:{line}:1: warning: the comment names no rule (write # overlord: ignore[RULE]) [unused-ignore]"
            for line in range(5, 204)
        )
        + "\nAT:204:1: warning: more than 200 problems were found; these are the first (mend them, and look again)"
        " [too-many-problems]"
        "\nAT:204:1: warning: the comment names no rule (write # overlord: ignore[RULE]) [unused-ignore]",
        0,
    ),
    "a line of a mebibyte": Trap(
        "inputs",
        f"text: {'a' * (MIB - 100)}\na: ]\n",
        "error: AT:2:4: error: this is not YAML: did not find expected node content while parsing a block node"
        " (quote texts that hold special characters, and check the indentation) [yaml-syntax]",
        2,
    ),
    # as much as is allowed, all of it sound
    "10,000 redirects": Trap("playbook", _council(1, ["to: all, message: M"] * 10_000), "", 0),
    "32 redirects to 3,000 servants by name": Trap(
        "playbook", _council(3000, [f"to: {_THREE_THOUSAND}, message: M"] * 32), "", 0
    ),
    "6,000 blocks": Trap(
        "playbook",
        _council(1, [f"redirects: [{{id: i{at}, to: s0, message: M, after: []}}]" for at in range(6000)]),
        "",
        0,
    ),
    "140,000 values on a line": Trap("playbook", f"{SOUND}x-all: [{'value,' * 140_000}]\n", "", 0),
    # more than any run can hold
    "nine million calls": Trap(
        "plan",
        _council(3000, ["to: all, message: M"] * 3000),
        "AT:3038:15: error: up to this redirect the run makes 102,000 calls; at most 100,000 are allowed"
        " (send it to fewer servants or in fewer rounds, or make several playbooks of it) [too-many-calls]",
    ),
    "redirects that each read all before them": Trap(
        "plan",
        _council(1, ["to: all, message: '{{ replies | length }}'"] * 1500),
        "AT:1420:5: error: the redirects up to this one read the replies to more than 1,000,000 messages together"
        " (name the messages that each reads, such as replies.rank, and not replies as a whole) [template-limit]",
    ),
    "a URL of 300,000 colons": Trap(
        "playbook",
        f"{SOUND}b: 'x://{':' * 300_000}'\n",
        f"AT:5:1: error: unknown key 'b' ({_KNOWN}) [unknown-key]",
    ),
    "a lock of 20,000 packs": Trap(
        "lock", "overlord: 1\npacks:\n" + _ENTRY * 20_000, _of_a_lock(f"AT:11541:6: error: {_MANY}")
    ),
    "20,000 unknown keys": Trap(
        "playbook",
        SOUND + "".join(f"z{number}: 1\n" for number in range(20_000)),
        "\n".join(
            f"AT:{5 + number}:1: error: unknown key 'z{number}' ({_KNOWN}) [unknown-key]" for number in range(199)
        )
        + "\nAT:204:1: error: more than 200 problems were found; these are the first (mend them, and look again)"
        f" [too-many-problems]\nAT:204:1: error: unknown key 'z199' ({_KNOWN}) [unknown-key]",
    ),
    "front matter without an end": Trap("role", "---\n" + "a: 1\n" * 500_000, _FRONT_MATTER),
    "a million fences": Trap("role", "--- x\n" * 500_000, _FRONT_MATTER),
    "five million empty lines of a recording": Trap("recording", HEADER + b"\n" * 5_000_000, _NOT_JSON),
    # expressions that never end
    "a pattern that a text keeps busy": Trap(
        "text",
        "a" * 500_000 + "!",
        "error: input 'text' must match the pattern '^((a|b)+)+$'\nnext: Correct what -i, -I or --inputs gives.",
        2,
    ),
    "a text times a thousand million": Trap(
        "plan",
        SOUND.replace("task: T", "task: \"{{ 'x' * 1000000000 }}\""),
        "AT:3:30: error: the template does more work than the 64,000,000 units that a render may do"
        " (loop over less, or do less in the loop) [template-limit]",
    ),
    "loops in loops": Trap(
        "plan",
        SOUND.replace(
            "task: T", 'task: "{% for i in range(1000) %}{% for j in range(1001) %}{% endfor %}{% endfor %}"'
        ),
        "AT:3:30: error: the template takes more than 1,000,000 loop steps (loop over less) [template-limit]",
    ),
    "a schema that refers to itself": Trap(
        "schema",
        '{"$ref": "#"}',
        "AT:1:10: error: the schema at '#' refers to itself, and never goes into the value"
        " (refer to it below properties or items) [schema-reference]",
    ),
    "servants without number": Trap(
        "plan",
        SOUND.replace("slot: alder", "slot: 's{{ index }}', for_each: 'range(1000000)'"),
        "AT:4:48: error: the list has 1,000,000 elements; at most 10,000 are allowed (make it shorter)"
        " [template-limit]",
    ),
}

ELSEWHERE: Mapping[str, str] = {
    "a document in YAML 1.1's scalars, as an editor shows them": "tests/examples/valid/scalars.yml",
    "a merge key": "tests/examples/invalid/merge-key.yml",
    "a tag that makes an object": "tests/examples/invalid/yaml-tag.yml",
    "a second document": "tests/examples/invalid/second-document.yml",
    "an alias inside what it names": "tests/examples/invalid/alias-inside-itself.yml",
    "each guard of the YAML reader, alone": "tests/unit/playbook/test_source.py::test_each_trap_has_its_clear_answer",
    "any bytes, any mix of YAML": "tests/unit/playbook/test_source.py::test_any_mix_of_yaml_is_a_document_or_problems",
    "a link out of a playbook's folder": "tests/unit/test_files.py::test_a_link_may_not_lead_out_of_the_folder",
    "links of a glob": "tests/unit/test_globs.py::test_links_within_the_folder_are_followed_but_not_by_two_stars",
    "a file that may not be read": "tests/unit/test_globs.py::test_a_folder_that_may_not_be_read_is_told",
    "a file that is larger than it says": (
        "tests/unit/test_files.py::test_a_file_that_says_it_is_empty_and_is_not_is_bounded_too"
    ),
    "templates that fill memory or time": "tests/unit/plan/language/bombs.py",
    "templates that break out": "tests/unit/plan/language/escapes.py",
    "patterns that take for ever": "tests/unit/playbook/test_patterns.py::test_no_pattern_takes_for_ever",
    "the error of a schema at the key that is wrong": "tests/examples/invalid/unknown-key.yml",
    "NaN in a reply": "tests/examples/answers/nan.txt",
    "a number of 5,000 digits in a reply": "tests/examples/answers/huge-number.txt",
    "a reply that is nested too deeply": "tests/examples/answers/too-deep.txt",
    "half a character in a reply": "tests/examples/answers/half-a-character.txt",
    "a key twice in a reply": "tests/examples/answers/duplicate-key.txt",
    "any change of a file of a run": "tests/faults/test_verify_bytes.py::test_one_changed_byte_is_told_with_its_file",
    "a body that is endless, slow, or inflates": "tests/faults/test_network_faults.py",
}
"""Where the other traps that were measured are tested."""

LONG = "x" * 5000
TOO_LONG = f"'{LONG[:400]}…' cannot be read: File name too long"
LONG_WORDS: Mapping[str, tuple[Sequence[str], int, str]] = {
    "alone": (
        (LONG,),
        2,
        f"error: '{LONG[:400]}…' is neither a command nor a playbook file\nnext: The commands are: ",
    ),
    "to validate": (
        ("validate", LONG),
        3,
        f"{LONG}:1:1: error: {TOO_LONG} (check the path and its rights) [file-unreadable]\n1 file checked: 1 error",
    ),
    "to compare": (("diff", LONG, LONG), 11, f"error: there is no run '{LONG}' here\nnext: overlord-run list shows"),
    "of a new playbook": (
        ("init", f"{LONG}.yml"),
        74,
        f"error: {LONG}.yml cannot be written: File name too long\nnext: Name another place.",
    ),
    "of a recording": (
        (*_PLAN, "sound.yml", "--replay", LONG),
        2,
        f"error: {TOO_LONG}\nnext: Check the path and its rights.",
    ),
    "of files": (
        (*_PLAN, "asking.yml", "-i", "plan=sound.txt", "-i", f"docs={LONG}"),
        2,
        f"error: no file matches '{LONG[:400]}…'\nnext: Check it. Write a glob from the current folder",
    ),
    "of a state folder": (
        ("list", "--state-dir", LONG),
        74,
        "error: cannot read ",
    ),
}
