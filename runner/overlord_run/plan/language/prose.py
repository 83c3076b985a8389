"""Take the words of a template apart from its code."""

from jinja2 import Environment

VALUE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where a template prints a value."""


def prose(source: str, environment: Environment) -> str:
    """Return what a template says by itself, each word on its line of the template.

    Args:
        source: A template that can be read.
        environment: Whose language it is in.
    """
    parts: list[str] = []
    lines = 1
    for line, kind, text in environment.lexer.tokeniter(source, None):
        if kind == "data":
            missing = "\n" * (line - lines)
            parts += (missing, text)
            lines = line + text.count("\n")
        elif kind == "variable_begin":
            parts.append(VALUE)
    return "".join(parts)
