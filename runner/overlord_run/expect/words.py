"""Say to a model what its answer must be, and what about it does not fit."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from overlord_run.playbook.model import JsonMode

_BACKTICKS = re.compile(r"`+")


def asking_for(schema: Mapping[str, Any]) -> str:
    """Return how a message ends whose answer must fit a schema."""
    written = json.dumps(schema, indent=2, ensure_ascii=False)
    fence = "`" * max(3, 1 + max((len(run[0]) for run in _BACKTICKS.finditer(written)), default=0))
    return (
        "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n\n"
        f"{fence}json\n{written}\n{fence}"
    )


def with_ending(message: str, ending: str) -> str:
    """Return a message and, behind a blank line, its ending, if there is one."""
    return f"{message.rstrip()}\n\n{ending}" if ending else message


def repair(reasons: Sequence[str]) -> str:
    """Return the message that answers a reply which does not fit, given why."""
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return (
        f"Your answer does not fit the JSON Schema:\n\n{listed}\n\n"
        "Answer again, with one JSON value that fits it, and with nothing else."
    )


def response_format(mode: JsonMode, name: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a request says of the answer's form, as OpenAI has it; None where it says nothing.

    `strict` is left out: where it is on, OpenAI refuses most schemas, and other servers do not read it. Sources:
    OpenAI's reference of chat completions; the request parsers of vLLM, llama.cpp and Ollama, which take both forms.

    Args:
        mode: What the endpoint takes.
        name: The message's id; OpenAI takes letters, digits, `_` and `-`, at most 64.
        schema: What the answer must fit.
    """
    match mode:
        case "object":
            return {"type": "json_object"}
        case "schema":
            return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema)}}
    return None
