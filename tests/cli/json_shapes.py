"""The types of what --json prints: by command, and as docs/json.md tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import msgspec
from msgspec import inspect

from chargen_batch.cli.documents import one_go, overview, pictures, runs, story
from chargen_batch.cli.documents.base import Document, ErrorDocument
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS: Final[tuple[type[Document], ...]] = (
    *runs.DOCUMENTS,
    one_go.Run,
    *(story.Init, story.Validate, story.Plan, story.Show, story.Config),
    *(overview.NoRun, overview.Status, overview.StoryStatus),
    *(overview.Runs, overview.RunsCost, overview.Doctor),
    *(pictures.Explain, pictures.Adopt),
)
# Every type of a whole document; the error's may stand in each one's place.
EVERY: Final[tuple[type[msgspec.Struct], ...]] = (*DOCUMENTS, ErrorDocument)


_SIMPLE: Final = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.AnyType: "any value",
    inspect.VarTupleType: "array",
    inspect.DictType: "object",
}


def command_of(kind: type[Document]) -> str:
    """Return the command that prints a document of a type."""
    return str(kind.__struct_config__.tag)


def decoded(printed: str) -> msgspec.Struct:
    """Decode a document strictly by its type: no key is missing, unknown or of another type."""
    told: dict[str, Any] = json.loads(printed)
    kinds: tuple[type[msgspec.Struct], ...] = (ErrorDocument,)
    if not isinstance(told.get("error"), dict):
        kinds = tuple(kind for kind in DOCUMENTS if command_of(kind) == told["command"])
    failures = []
    for kind in kinds:
        try:
            found = msgspec.json.decode(printed, type=kind, dec_hook=lambda to, text: to(text))
        except msgspec.ValidationError as err:
            failures.append(f"{kind.__name__}: {err}")
            continue
        assert json.loads(msgspec.json.encode(found, enc_hook=str)) == told
        return found
    raise AssertionError(f"of no type: {failures or told['command']}")


def schema() -> str:
    """Return the JSON schema of every document."""
    _, parts = msgspec.json.schema_components(EVERY, schema_hook=lambda _path: {"type": "string"})
    every = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in EVERY]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    whole = {**head, "title": "chargen-batch --json", "anyOf": every, "$defs": parts}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def types() -> dict[str, inspect.StructType | inspect.DataclassType]:
    """Return every type that a document has in it, by its name."""
    found: dict[str, inspect.StructType | inspect.DataclassType] = {}
    seen: set[str] = set()
    todo = [inspect.type_info(kind) for kind in (*EVERY, runs.RunEntry)]
    while todo:
        one = todo.pop()
        if isinstance(one, inspect.StructType | inspect.DataclassType):
            if str(one.cls) in seen:
                continue
            seen.add(str(one.cls))
            # Of a type with a parameter the one without is told.
            found[_name(one)] = one if get_origin(one.cls) is None else _bare(one)
            todo += [field.type for field in one.fields]
        todo += _inside(one)
    return found


def rows(one: inspect.StructType | inspect.DataclassType) -> Iterator[tuple[str, str]]:
    """Return the keys of a type, each with its type in words."""
    if isinstance(one, inspect.StructType) and one.tag is not None:
        yield f"`{one.tag_field}`", f'`"{one.tag}"`'
    for field in one.fields:
        missing = ", or missing" if _may_be_missing(field) else ""
        yield f"`{field.encode_name}`", worded(field.type) + missing


def _may_be_missing(field: inspect.Field) -> bool:
    """Say whether a key is left out at times: then its default is no value, but UNSET."""
    no_default = field.default is field.default_factory is msgspec.NODEFAULT
    return not field.required and no_default


def worded(one: inspect.Type) -> str:
    """Return a type in words."""
    if isinstance(one, inspect.StructType | inspect.DataclassType):
        return _linked(one)
    if isinstance(one, inspect.UnionType):
        return " or ".join(dict.fromkeys(map(worded, one.types)))
    if isinstance(one, inspect.LiteralType):
        return " or ".join(f"`{json.dumps(value)}`" for value in one.values)
    if isinstance(one, inspect.EnumType | inspect.CustomType):
        return {ExitCode: "integer ([exit code](exit-codes.md))", Path: "string (a path)"}[one.cls]
    return " of ".join([_SIMPLE[type(one)], *map(worded, _inside(one))])


def _linked(one: inspect.StructType | inspect.DataclassType) -> str:
    of = "".join(f" with {_link(part.__name__)}" for part in get_args(one.cls))
    return _link(_name(one)) + of


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _name(one: inspect.StructType | inspect.DataclassType) -> str:
    return str((get_origin(one.cls) or one.cls).__name__)


def _bare(one: inspect.StructType | inspect.DataclassType) -> inspect.StructType:
    bare = inspect.type_info(get_origin(one.cls))
    assert isinstance(bare, inspect.StructType)
    return bare


def _inside(one: inspect.Type) -> list[inspect.Type]:
    if isinstance(one, inspect.UnionType):
        return list(one.types)
    if isinstance(one, inspect.VarTupleType):
        return [one.item_type]
    return [one.value_type] if isinstance(one, inspect.DictType) else []
