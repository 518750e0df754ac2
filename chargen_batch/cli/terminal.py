"""Printing: data on stdout, words for people beside it on stderr."""

from __future__ import annotations

import contextlib
import sys
from typing import IO, TYPE_CHECKING, Final, TypeVar

import msgspec
import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

D = TypeVar("D", bound=msgspec.Struct)

# Who prints above what is drawn on stderr, while anything is.
ABOVE: Final[list[Callable[[str], None]]] = []
# Where stdout goes while it is left to the events.
_EVENTS_OUT: Final[list[IO[bytes]]] = []


def print_json(document: object) -> None:
    """Print a document on stdout."""
    told = msgspec.json.encode(document, enc_hook=str)  # what is no JSON is a path
    typer.echo(msgspec.json.format(told, indent=2).decode())


def told_as(kind: type[D], report: object) -> D:
    """Return a phase's report as a document: those of its attributes that the type names."""
    return msgspec.convert(report, kind, from_attributes=True)


def aside(line: str) -> None:
    """Print a line for people, on stderr: above the bars where there are any."""
    if ABOVE:
        ABOVE[-1](line)
    else:
        typer.echo(line, err=True)


@contextlib.contextmanager
def stdout_for_events() -> Iterator[None]:
    """Leave stdout to the events: what else is printed goes to stderr."""
    binary: IO[bytes] = sys.stdout.buffer
    _EVENTS_OUT.append(getattr(binary, "raw", binary))  # nothing of it waits for the end
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _EVENTS_OUT.pop()


def events_out() -> IO[bytes]:
    """Return the stdout that was left to the events."""
    return _EVENTS_OUT[-1]


def has_a_person() -> bool:
    """Say whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()
