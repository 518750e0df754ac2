"""A run's documents and ledgers: how they are written, and how they are read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from chargen_batch.errors import DocumentError
from chargen_batch.model.bounds import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_Document = TypeVar("_Document", bound=msgspec.Struct)

SCHEMA_VERSION: Final = 1
_HINT: Final = "restore it from a backup; nothing was changed"
_DAMAGE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Version(msgspec.Struct, rename="camel"):
    schema_version: int


def encode(document: msgspec.Struct) -> bytes:
    """Return a document as indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def decode(raw: bytes, kind: type[_Document], where: object) -> _Document:
    """Read a document strictly, its version first.

    Raises:
        DocumentError: It is damaged, or from a newer version.

    """
    try:
        version = msgspec.json.decode(raw, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise DocumentError(
                f"{where} is from a newer version of chargen-batch (schema {version})",
                hint="update chargen-batch: pip install --upgrade chargen-batch",
            )
        return msgspec.json.decode(raw, type=kind)
    except _DAMAGE as err:
        raise DocumentError(f"{where} is damaged: {_in_words(err)}", hint=_HINT) from err


def lines(
    raw_lines: Iterable[bytes], kind: type[_Document], where: Path, *, first: int = 0
) -> Iterator[_Document]:
    """Read a ledger's lines strictly.

    Args:
        raw_lines: The lines, without their line ends.
        kind: What each is.
        where: The file.
        first: How many lines there are before them.

    Raises:
        DocumentError: A line is damaged.

    """
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(raw_lines, first + 1):
        try:
            yield decoder.decode(line)
        except _DAMAGE as err:
            raise DocumentError(
                f"{where}, line {number}, is damaged: {_in_words(err)}", hint=_HINT
            ) from err


def _in_words(err: Exception) -> str:
    """Return what is wrong with a document, with the forms of text called what they are."""
    told = str(err)
    for pattern, words in FORMS.items():
        told = told.replace(f"`str` matching regex {pattern!r}", words)
    return told
