"""Say in words what each pattern of the schemas asks for."""

from msgspec import Struct


class Format(Struct, frozen=True):
    """What a pattern asks for.

    Attributes:
        rule: The rule that a misfit breaks.
        message: What is wrong, about `{subject}` (what is checked) and `{value}` (what it is).
        hint: What to write.
    """

    rule: str
    message: str
    hint: str


FORMATS = {
    r"^[a-z][a-z0-9_]{0,63}$": Format(
        "bad-name",
        "{value} cannot be an id that templates name",
        "write a small letter, then small letters, digits or '_', 64 characters at most",
    ),
    r"\{[{%]|^[a-z][a-z0-9_]{0,63}$": Format(
        "bad-name",
        "{value} cannot be a slot",
        "write a small letter, then small letters, digits or '_', 64 characters at most; beside 'for_each' a template",
    ),
    r"^[a-z0-9][a-z0-9._-]{0,63}$": Format(
        "bad-name",
        "{value} cannot be a name",
        "write small letters, digits, '.', '_' or '-', 64 characters at most",
    ),
    r"^(role:)?[a-z][a-z0-9_]{0,63}$": Format(
        "bad-name",
        "{value} cannot be the target of a redirect",
        "write all, a slot, or role:NAME; several as a list",
    ),
    r"\S": Format("too-short", "{subject} is blank", "write the text, or remove the key"),
    r"^[0-9]{1,6}(\.[0-9]{1,3})?(s|m)$": Format(
        "bad-value",
        "{subject} is {value}, which is not a duration",
        "write a number and s or m, such as 90s or 5m",
    ),
    r"^[0-9]{1,6}(\.[0-9]{1,3})?(s|m|h)$": Format(
        "bad-value",
        "{subject} is {value}, which is not a duration",
        "write a number and s, m or h, such as 30m or 8h",
    ),
    r"^\S{1,200}$": Format(
        "bad-value",
        "{value} cannot be the id of a model",
        "write it as the API knows it, without blanks, 200 characters at most",
    ),
    r"^(\.\.?/|[a-z0-9][a-z0-9._-]{0,63}/[^/]+$)": Format(
        "file-path",
        "'from' is {value}, which is neither the path of a role file nor a role of a pack",
        "begin a path with ./ or ../, such as ./roles/critic.md; or write PACK/NAME, such as builtin/judge",
    ),
    r"^[^-\s]\S{0,199}$": Format(
        "pack-rev",
        "{subject} is {value}, which is no tag, branch or commit",
        'write its name as git has it; one that looks like a number in quotes, such as "1.10"',
    ),
    r"^[0-9a-f]{40}$": Format(
        "bad-value",
        "{subject} is {value}, which is not the whole name of a commit",
        "write it in 40 hex digits; overlord-run roles lock does",
    ),
    r"^sha256:[0-9a-f]{64}$": Format(
        "bad-value",
        "{subject} is {value}, which is no digest",
        "write sha256: and 64 hex digits; overlord-run roles lock does",
    ),
    r"\{[{%]|^\S([^\n\r\t]{0,98}\S)?$": Format(
        "bad-value",
        "{value} cannot be the name of a servant",
        "write one line of 100 characters at most, without blanks around it",
    ),
    r"^\S([^\n\r\t]{0,98}\S)?$": Format(
        "bad-value",
        "{value} cannot be a name for people",
        "write one line of 100 characters at most, without blanks around it",
    ),
    r"^.+\.txt$": Format(
        "file-path",
        "{value} is not the name of a file that ends in .txt",
        "write a path from this file's folder, such as critic.default.txt",
    ),
    r"^(any|all|(100|[1-9][0-9]?)%)$": Format(
        "bad-value",
        "'require' is {value}",
        "write any, all, a number, or a percentage from 1% to 100%",
    ),
}
