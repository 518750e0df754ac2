"""JSON made up to a schema: deterministic answers for requests that ask for structured output."""

from __future__ import annotations

import hashlib
import math
from typing import Any

DEEP = 6
_WORDS = (
    "harbour", "lantern", "salt", "evening", "quiet", "tide", "copper", "window", "stair",
    "letter", "storm", "bell", "gull", "rope", "chart", "ember", "mist", "stone", "keeper", "shore",
)  # fmt: skip
_FORMATS = {
    "date": "2026-11-22",
    "time": "12:00:00Z",
    "date-time": "2026-11-22T12:00:00Z",
    "uri": "https://example.org/lantern",
    "email": "keeper@example.org",
    "uuid": "7b1d0f6e-52c9-4b3a-9c55-0d6c1d7e4a10",
}


def instance(schema: dict[str, Any], seed: bytes) -> object:
    """Make a value that is valid by a JSON Schema, or by the OpenAPI subset with upper-case types.

    Understood: type, enum, const, anyOf, oneOf, allOf, $ref into the schema itself, properties,
    required, items, prefixItems, the bounds on lengths, items and numbers, and well-known formats.
    """
    return _Maker(schema, seed).make(schema, "answer", 0)


class _Maker:
    def __init__(self, root: dict[str, Any], seed: bytes) -> None:
        self._root = root
        self._seed = seed

    def make(self, schema: object, name: str, depth: int) -> object:
        if not isinstance(schema, dict):  # true: anything is valid
            return None
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][self._number(name, len(schema["enum"]))]
        makers = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._real,
            "boolean": self._boolean,
        }
        maker = makers.get(_type_of(schema))
        return maker(schema, name, depth) if maker else None

    def _resolved(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                own = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**self._target(schema["$ref"]), **own}
                continue
            choices = schema.get("anyOf") or schema.get("oneOf")
            if choices:
                own = {key: schema[key] for key in schema.keys() - {"anyOf", "oneOf"}}
                schema = {**own, **_simplest(choices, deep=depth >= DEEP)}
                continue
            if "allOf" not in schema:
                return schema
            schema = _merged(schema)

    def _target(self, reference: str) -> dict[str, Any]:
        node: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return dict(node)

    def _object(self, schema: dict[str, Any], name: str, depth: int) -> dict[str, object]:
        properties = dict(schema.get("properties", {}))
        required = schema.get("required", [])
        if depth >= DEEP:
            properties = {key: properties[key] for key in required if key in properties}
        made = {
            key: self.make(inner, f"{name}.{key}", depth + 1) for key, inner in properties.items()
        }
        return made | {key: "" for key in required if key not in made}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[object]:
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", math.inf) if "maxItems" in schema else max(least, 3))
        wanted = least if depth >= DEEP else min(most, max(least, 1 + self._number(name, 3)))
        first = list(schema.get("prefixItems", []))
        items = schema.get("items", {})
        return [
            self.make(first[place] if place < len(first) else items, f"{name}[{place}]", depth + 1)
            for place in range(max(wanted, min(len(first), most)))
        ]

    def _string(self, schema: dict[str, Any], name: str, depth: int) -> str:
        del depth
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        words = (_WORDS[self._number(f"{name} {place}", len(_WORDS))] for place in range(4))
        text = f"{_last(name)}: {' '.join(words)} {self._number(name, 999)}"
        text = text.ljust(int(schema.get("minLength", 0)), ".")
        return text[: int(schema["maxLength"])] if "maxLength" in schema else text

    def _integer(self, schema: dict[str, Any], name: str, depth: int) -> int:
        del depth
        low, high = _bounds(schema, 1)
        step = int(schema.get("multipleOf", 1))
        first = math.ceil(low / step) * step
        choices = max(1, int((high - first) // step) + 1)
        return first + step * self._number(name, choices)

    def _real(self, schema: dict[str, Any], name: str, depth: int) -> float:
        if "multipleOf" in schema:
            return float(self._integer(schema, name, depth))
        low, high = _bounds(schema, 1e-6)
        return low + (high - low) * self._number(name, 1001) / 1000

    def _boolean(self, schema: dict[str, Any], name: str, depth: int) -> bool:
        del schema, depth
        return bool(self._number(name, 2))

    def _number(self, name: str, below: int) -> int:
        digest = hashlib.sha256(self._seed + name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % below


def _last(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]


def _type_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item.lower() != "null"), "null")
    if kind is None:
        return "array" if "items" in schema else "object" if "properties" in schema else "string"
    return str(kind).lower()


def _simplest(choices: list[dict[str, Any]], *, deep: bool) -> dict[str, Any]:
    # Deep down the plainest choice ends a schema that contains itself.
    def weight(choice: dict[str, Any]) -> int:
        if choice.get("type") in {"null", "NULL"}:
            return 0 if deep else 3
        return 1 + ("$ref" in choice or "properties" in choice) if deep else 1

    return min(choices, key=weight)


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        both = {**merged.get("properties", {}), **part.get("properties", {})}
        needed = [*merged.get("required", []), *part.get("required", [])]
        merged |= part
        if both:
            merged |= {"properties": both, "required": needed}
    return merged


def _bounds(schema: dict[str, Any], gap: float) -> tuple[float, float]:
    low = schema.get("minimum")
    high = schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + gap
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - gap
    if low is None:
        low = 0 if high is None else min(0, high - 10)
    return low, (max(low, 10) if high is None else high)
