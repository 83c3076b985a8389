"""Make characters that a terminal would act on, or not show at all, visible."""

import re
import unicodedata

_PERHAPS = re.compile(r"[^\n\t -~]")
# Control, format (the bidirectional and zero-width ones are here), surrogate, line and paragraph separator.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Unseen although their category says otherwise: a joiner, fillers, inherent vowels, variation selectors 17 to 256.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xE0100, 0xE01F0)}


def visible(text: str) -> str:
    r"""Return the text with every control, bidirectional and zero-width character as its JSON escape, like `\u200b`.

    Newlines and tabs stay as they are; a carriage return before a newline is dropped.
    """
    if text.isascii() and text.isprintable():
        return text
    return _PERHAPS.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character) not in _UNSEEN_CATEGORIES and character not in _UNSEEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
