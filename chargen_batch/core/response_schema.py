"""From a msgspec type to the JSON Schema that a request carries (gemini.md §3, §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

# What Gemini's structured output takes of JSON Schema, in the order in which it is written. Bounds
# on lengths and patterns it does not know: the type checks these when the answer comes.
_KEYWORDS: Final = ("type", "description", "enum", "minItems", "maxItems", "minimum", "maximum")


def response_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a type's JSON, whole in itself.

    References are inlined: Vertex's import of batches refuses ``$defs``. Docstrings are left out:
    they are for us, and Python's versions indent them differently.
    """
    whole = msgspec.json.schema(kind)
    return _inlined(whole, whole.get("$defs", {}))


def _inlined(schema: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    target = schema.get("$ref", "").rpartition("/")[2]
    if target:
        inner = {key: value for key, value in types[target].items() if key != "description"}
        schema = {**inner, **schema}
    kept: dict[str, Any] = {key: schema[key] for key in _KEYWORDS if key in schema}
    if "enum" in kept:
        kept = {"type": "string", **kept}
    if "items" in schema:
        kept["items"] = _inlined(schema["items"], types)
    if "properties" in schema:
        fields: dict[str, Any] = schema["properties"]
        kept["properties"] = {name: _inlined(inner, types) for name, inner in fields.items()}
        kept["required"] = list(schema["required"])
    return kept
