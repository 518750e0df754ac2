"""A Vertex AI job's rows: fetched, loaded as a whole, and checked one by one at their turn."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, Final

from chargen_batch.emulator.bucket_client import BucketError, Buckets, parts_of
from chargen_batch.emulator.checks import check_request
from chargen_batch.emulator.messages import read_request
from chargen_batch.emulator.refusals import bad_request
from chargen_batch.emulator.vertex_loader import Columns, LoadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.emulator.catalog import Model

MOST_REQUESTS: Final = 200_000
MOST_BYTES: Final = 1_000_000_000
IMPORT, DENIED, NO_BUCKET, INTERNAL = 3, 7, 9, 13  # the codes that a job fails with


class InputError(Exception):
    """An input that a job fails for as a whole."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def fetch(buckets: Buckets, uris: list[str], into: IO[bytes]) -> None:
    """Bring a job's input here, one object after the other, each ended by a newline.

    Raises:
        InputError: An object is missing, denied, or there is too much.

    """
    sizes = [_size(buckets, uri) for uri in uris]
    if sum(sizes) > MOST_BYTES:
        raise _not_imported(f"The input has {sum(sizes)} bytes; the limit is {MOST_BYTES}.")
    for uri in uris:
        buckets.fetch(uri, into)
        into.write(b"\n")


def check_bucket(buckets: Buckets, uri: str) -> None:
    """Refuse a job whose output has no bucket to go to.

    Raises:
        InputError: There is none, or it is denied.

    """
    try:
        buckets.check(uri)
    except BucketError as error:
        raise _refused(error, uri) from error


def denied(bucket: str) -> InputError:
    """Say that the service itself may not use a bucket."""
    text = f"The Vertex AI service agent lacks storage permissions on the bucket {bucket}."
    return InputError(DENIED, text)


def load(lines: Iterable[bytes]) -> int:
    """Load an input's rows, and count them.

    Raises:
        InputError: They do not load.

    """
    columns = Columns()
    count = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        count += 1
        if count > MOST_REQUESTS:
            raise _not_imported(f"The input has more than {MOST_REQUESTS} requests.")
        try:
            columns.add(_row(line))
        except LoadError as error:
            raise _not_imported(f"Error while reading line {number}: {error}.") from error
    if not count:
        raise _not_imported("The input has no rows.")
    return count


@dataclass(slots=True)
class Media:
    """The objects that rows refer to, each asked for once."""

    buckets: Buckets
    _kinds: dict[str, str | None] = field(default_factory=dict)

    def __call__(self, uri: str) -> str:
        """Tell the MIME type of what a URI names, refusing one that names nothing."""
        if not uri.startswith("gs://"):
            raise bad_request(f"Invalid or unsupported file uri: {uri}")
        if uri not in self._kinds:
            try:
                self._kinds[uri] = self.buckets.kind(uri)
            except BucketError:
                self._kinds[uri] = None
        kind = self._kinds[uri]
        if kind is None:
            raise bad_request(f"Cannot fetch content from the provided URI: {uri}")
        return kind


def checked_request(row: dict[str, Any], model: Model, media: Media) -> dict[str, Any]:
    """Read a row's request as the model takes it, refusing it as a single request is refused."""
    request: dict[str, Any] = read_request(row.get("request"), "request")
    for content in request.get("contents", []):
        if "role" not in content:
            raise bad_request("Please use a valid role: user, model.")
    check_request(request, model, media)
    return request


def parse(line: bytes) -> dict[str, Any]:
    """Read a line that has been loaded."""
    row: dict[str, Any] = json.loads(line)
    return row


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise LoadError(f"not JSON ({error})") from error
    if not isinstance(row, dict):
        raise LoadError("not a JSON object")
    if not isinstance(row.get("request"), dict):
        raise LoadError("no record in the column request")
    return row


def _size(buckets: Buckets, uri: str) -> int:
    check_bucket(buckets, uri)
    try:
        return buckets.size(uri)
    except BucketError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise _not_imported(f"Not found: {uri}") from error
        raise _refused(error, uri) from error


def _refused(error: BucketError, uri: str) -> InputError:
    bucket, _ = parts_of(uri)
    if error.status == HTTPStatus.NOT_FOUND:
        return InputError(NO_BUCKET, f"The bucket {bucket} does not exist.")
    if error.status == HTTPStatus.FORBIDDEN:
        return denied(bucket)
    return InputError(INTERNAL, f"Cloud Storage answered {error}.")


def _not_imported(why: str) -> InputError:
    return InputError(IMPORT, f"Failed to import data. {why}")
