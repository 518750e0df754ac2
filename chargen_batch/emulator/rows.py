"""The rows of a job's input file: read, and refused as the service refuses them at create."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.checks import check_request, uploaded
from chargen_batch.emulator.messages import read_request
from chargen_batch.emulator.refusals import RefusalError, bad_request
from chargen_batch.emulator.tokens import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chargen_batch.emulator.catalog import Model
    from chargen_batch.emulator.records import File


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its request in camelCase; `extras` are the fields beside key and request."""

    key: str
    request: dict[str, Any]
    extras: dict[str, Any] = field(default_factory=dict)


def parse_row(line: bytes) -> Row:
    """Read one line; whatever is unknown inside the request is refused."""
    row = _json_object(line)
    extras = {name: value for name, value in row.items() if name not in {"key", "request"}}
    if not isinstance(row.get("key"), str):
        raise bad_request("a row needs a key, which is a string")
    if "request" not in row:
        raise bad_request("a row needs a request")
    return Row(row["key"], read_request(row["request"], "request"), extras)


def check_rows(
    lines: Iterable[bytes], model: Model, files: Mapping[str, File]
) -> Iterator[tuple[str, int]]:
    """Give each row's key and tokens, refusing the first bad one by its line; blank lines are none.

    Keys are not compared: that the service does so is not established.
    """
    media = uploaded(files)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = parse_row(line)
            check_request(row.request, model, media)
        except RefusalError as error:
            message = f"Invalid input file, line {number}: {error.message}"
            raise RefusalError(error.code, message) from error
        yield row.key, tokens_of(row.request)


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise bad_request(f"not JSON ({error})") from error
    if not isinstance(row, dict):
        raise bad_request("not a JSON object")
    return row
