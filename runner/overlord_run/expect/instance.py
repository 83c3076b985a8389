"""Make a value that fits a schema, the same one each time: what a rehearsal answers where no script does.

The common keywords are followed, and of what a schema offers (`examples`, `enum`, `anyOf`) the first is taken. What
comes of that is checked. A schema that wants more than this, a pattern say, needs an example in it, or a script.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from overlord_run.expect.fit import Fitting
from overlord_run.expect.references import resolve

MAX_VALUES = 10_000
MAX_LENGTH = 100_000
"""Of a text."""

MAX_REFERENCES = 40
"""Of references that are followed within each other."""

_SIGNS = {"properties": "object", "required": "object", "items": "array", "prefixItems": "array", "minimum": "number"}
"""What a schema without a type seems to describe."""

_TOO_MUCH = "the schema asks for very much, or for itself"


class NoInstanceError(Exception):
    """No value that fits a schema could be made; `reason` says why."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def instance(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a schema which has no problems.

    Raises:
        NoInstanceError: The schema wants more than is followed here.
    """
    value = _Maker(schema).make(schema, "answer")
    misfits = Fitting(schema).misfits(value)
    if misfits:
        raise NoInstanceError(reason=misfits[0])
    return value


class _Maker:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._made = 0
        self._references: list[str] = []

    @property
    def _is_inside_itself(self) -> bool:
        """Whether a schema that refers to itself is being followed once more."""
        return self._references.count(self._references[-1]) > 1 if self._references else False

    def make(self, node: Any, name: str, number: int = 0) -> Any:
        """Return a value for a schema.

        Args:
            node: The schema.
            name: The key that the value stands under, which texts repeat.
            number: Its place in a list, so that items differ.
        """
        self._made += 1
        if self._made > MAX_VALUES or len(self._references) > MAX_REFERENCES:
            raise NoInstanceError(reason=_TOO_MUCH)
        node = node if isinstance(node, dict) else {}
        if "const" in node:
            return node["const"]
        for offer in (node.get("examples"), node.get("enum")):
            if offer:
                return offer[number % len(offer)]
        forms = [*node.get("allOf", ()), *node.get("anyOf", ())[:1], *node.get("oneOf", ())[:1]]
        if forms:
            return self.make(_put_together(node, forms), name, number)
        if "$ref" in node:
            return self._follow(node["$ref"], name, number)
        return self._make_type(node, name, number)

    def _follow(self, reference: str, name: str, number: int) -> Any:
        self._references.append(reference)
        value = self.make(resolve(reference, self._root)[1], name, number)
        self._references.pop()
        return value

    def _make_type(self, node: Mapping[str, Any], name: str, number: int) -> Any:
        seems = next((kind for keyword, kind in _SIGNS.items() if keyword in node), "string")
        kinds = node.get("type", seems)
        match kinds if isinstance(kinds, str) else kinds[0]:
            case "object":
                return self._object(node)
            case "array":
                return self._array(node, name)
            case "integer" | "number" as kind:
                return _number(node, number, is_whole=kind == "integer")
            case "boolean" | "null" as kind:
                return True if kind == "boolean" else None
        return _text(node, f"rehearsed {name} {number + 1}" if number else f"rehearsed {name}")

    def _object(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object with all its properties; of one inside of itself only with those required."""
        properties, required = node.get("properties", {}), node.get("required", [])
        keys = required if self._is_inside_itself else [*properties, *required]
        others = node.get("additionalProperties", True)
        schemas = {key: properties.get(key, others) for key in dict.fromkeys(keys)}
        return {key: self.make(inner, key) for key, inner in schemas.items() if inner is not False}

    def _array(self, node: Mapping[str, Any], name: str) -> list[Any]:
        """Return an array as short as is allowed, but not empty where its items are described."""
        first, others = node.get("prefixItems", []), node.get("items", node.get("contains", False))
        wanted = 0 if self._is_inside_itself or others is False else len(first) + 1
        length = max(len(first), min(wanted, node.get("maxItems", wanted)), node.get("minItems", 0))
        if length > MAX_VALUES:
            raise NoInstanceError(reason=_TOO_MUCH)
        schemas = [*first, *[others] * int(length - len(first))]
        return [self.make(inner, name, number) for number, inner in enumerate(schemas)]


def _put_together(node: Mapping[str, Any], forms: Iterable[Any]) -> dict[str, Any]:
    """Return a schema without forms, and with what is said in them."""
    whole = {keyword: value for keyword, value in node.items() if keyword not in ("allOf", "anyOf", "oneOf")}
    for form in forms:
        said = form if isinstance(form, dict) else {}
        properties = {**whole.get("properties", {}), **said.get("properties", {})}
        required = [*whole.get("required", []), *said.get("required", [])]
        whole |= (
            said | ({"properties": properties} if properties else {}) | ({"required": required} if required else {})
        )
    return whole


def _number(node: Mapping[str, Any], number: int, *, is_whole: bool) -> Any:
    """Return the least number that is allowed, or a later one for a later item; 1 where no least is said."""
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if not is_whole and above is not None and below is not None:
        return float(above + below) / 2
    step = node.get("multipleOf", 1)
    lowest = [bound for bound in (node.get("minimum"), None if above is None else above + step) if bound is not None]
    highest = [bound for bound in (node.get("maximum"), None if below is None else below - step) if bound is not None]
    start = max(lowest) if lowest else min([1, *highest])
    value = ceil(start / step) * step
    later = value + number * step
    return later if later <= min([later, *highest]) else value


def _text(node: Mapping[str, Any], text: str) -> str:
    """Return a text as long as is allowed."""
    least, most = node.get("minLength", 0), node.get("maxLength", len(text))
    if least > MAX_LENGTH:
        raise NoInstanceError(reason=_TOO_MUCH)
    return text.ljust(int(least), ".")[: int(max(most, least))]
