"""Estimate how many tokens a text is, without a tokenizer."""

from collections.abc import Iterable

_ASCII_PER_TOKEN = 4
_BESIDES = 4


def tokens(text: str) -> int:
    """Return about how many tokens a text is: one for four ASCII characters, one for each other character.

    English text has about four characters a token; scripts outside ASCII have nearer one, so they are counted high
    rather than low. Source: OpenAI's help page "What are tokens and how to count them?".
    """
    others = 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
    return -(-(len(text) - others) // _ASCII_PER_TOKEN) + others


def prompt_tokens(texts: Iterable[str]) -> int:
    """Return about how many tokens a prompt of these messages is: their texts, and four a message for its frame.

    Source: OpenAI's cookbook "How to count tokens with tiktoken", which counts three or four.
    """
    return sum(tokens(text) + _BESIDES for text in texts)
