"""docs/json.md: its tables of keys and its examples, to be checked and to be renewed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.cli import json_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE: Final = Path(__file__).parents[2] / "docs" / "json.md"
SCHEMA: Final = PAGE.with_name("json-schema.json")
_TABLE: Final = re.compile(r"<!-- type: (\w+) -->\n\n((?:\|.*\n)*)")
_EXAMPLE: Final = re.compile(r"<!-- example: ([\w -]+) -->\n\n```json\n(.*?)```\n", re.DOTALL)
_HEAD: Final = "| key | type | what it is |\n| --- | --- | --- |\n"
_WIDTH: Final = 120


def tables() -> dict[str, list[tuple[str, str, str]]]:
    """Return the rows of each type's table: key, type, what it is."""
    found = {}
    for name, table in _TABLE.findall(PAGE.read_text("utf-8")):
        found[name] = [_cells(line) for line in table.splitlines()[2:]]
    return found


def examples() -> dict[str, str]:
    """Return the examples by their names."""
    return dict(_EXAMPLE.findall(PAGE.read_text("utf-8")))


def renew(printed: Mapping[str, str]) -> None:
    """Write keys, types and examples anew; what a key is stays as somebody wrote it."""
    types, text = json_shapes.types(), PAGE.read_text("utf-8")

    def table(found: re.Match[str]) -> str:
        told = {key: what for key, _, what in map(_cells, found[2].splitlines()[2:])}
        rows = json_shapes.rows(types[found[1]])
        lines = [f"| {key} | {kind} | {told.get(key, '')} |\n" for key, kind in rows]
        return f"<!-- type: {found[1]} -->\n\n{_HEAD}{''.join(lines)}"

    def example(found: re.Match[str]) -> str:
        body = pretty(json.loads(printed[found[1]]))
        return f"<!-- example: {found[1]} -->\n\n```json\n{body}\n```\n"

    PAGE.write_text(_EXAMPLE.sub(example, _TABLE.sub(table, text)), "utf-8")
    SCHEMA.write_text(json_shapes.schema(), "utf-8")


def pretty(value: Any, indent: int = 0) -> str:  # noqa: ANN401 - it is JSON
    """Return a document as people read it: what fits into a line stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        inner = (f"{json.dumps(key)}: {pretty(each, indent + 2)}" for key, each in value.items())
        return "{\n" + ",\n".join(pad + each for each in inner) + "\n" + " " * indent + "}"
    inner = (pretty(each, indent + 2) for each in value)
    return "[\n" + ",\n".join(pad + each for each in inner) + "\n" + " " * indent + "]"


def _cells(line: str) -> tuple[str, str, str]:
    key, kind, what = (cell.strip() for cell in line.strip().strip("|").split("|"))
    return key, kind, what
