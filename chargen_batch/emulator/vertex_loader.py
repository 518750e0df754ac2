"""The loader that a Vertex AI job's input goes through, which wants columns, as BigQuery does.

One type for each name in the whole file, no more than 15 levels, names of letters, digits and
underscores, no record without fields, no list in a list. A file that is otherwise fails as a whole.
"""

from __future__ import annotations

import re
from typing import Any, Final

MOST_LEVELS: Final = 15
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_INTEGER: Final = re.compile(r"[+-]?\d+")
_FLOAT: Final = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?")


class LoadError(Exception):
    """A row that does not go into the columns of those before it; the text says why."""


class Columns:
    """The columns of a file, as its rows have them so far."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Take one more row.

        Raises:
            LoadError: It does not go in.

        """
        self._record(row, "", 0)

    def _record(self, record: dict[str, Any], path: str, level: int) -> None:
        if level > MOST_LEVELS:
            raise LoadError(f"field {path} is nested deeper than {MOST_LEVELS} levels")
        if not record and path:
            raise LoadError(f"field {path} is a RECORD without fields")
        folded = {name.lower() for name in record}
        if len(folded) < len(record):
            raise LoadError(f"field {path or 'of a row'} has a name twice, but for its case")
        for name, value in record.items():
            if not _NAME.fullmatch(name):
                raise LoadError(
                    f'invalid field name "{name}" in {path or "a row"}: fields must contain only '
                    "letters, numbers, and underscores, and start with a letter or underscore"
                )
            self._field(value, f"{path}.{name}" if path else name, level)

    def _field(self, value: object, path: str, level: int) -> None:
        if isinstance(value, list):
            for item in value:
                if item is None or isinstance(item, list):
                    what = "null" if item is None else "a list"
                    raise LoadError(f"field {path} is a list which has {what} in it")
                self._one(item, path, level, repeated="REPEATED ")
        elif value is not None:
            self._one(value, path, level)

    def _one(self, value: object, path: str, level: int, repeated: str = "") -> None:
        found = repeated + _type_of(value)
        known = self._types.setdefault(path, found)
        if known != found:
            raise LoadError(f"field {path} has changed type from {known} to {found}")
        if isinstance(value, dict):
            self._record(value, path, level + 1)


def coerced(value: object) -> object:
    """Give a value as it comes out of the loader: a text that looks like a number is one."""
    if not isinstance(value, str):
        return value
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else value


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "BOOLEAN"
        case int() | float():
            return "FLOAT"
        case str():
            return "STRING"
        case _:
            return "RECORD"
