"""Printing: data on stdout, words for people beside it on stderr."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from typing import IO, TYPE_CHECKING, Final, TypeVar

import msgspec
import typer

from chargen_batch.cli.folding import folded, width_of
from chargen_batch.core.unseen import UNSEEN, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

D = TypeVar("D", bound=msgspec.Struct)

# Who prints above what is drawn on stderr, while anything is.
ABOVE: Final[list[Callable[[str], None]]] = []
_NO_ASCII: Final = re.compile("[^\x00-\x7f]")
# Where stdout goes while it is left to the events.
_EVENTS_OUT: Final[list[IO[bytes]]] = []


def print_json(document: object) -> None:
    """Print a document on stdout, which stays JSON whatever letters the stream can print."""
    told = msgspec.json.encode(document, enc_hook=str)  # what is no JSON is a path
    text = msgspec.json.format(told, indent=2).decode()
    is_utf8 = (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf8")
    unprintable = UNSEEN if is_utf8 else _NO_ASCII
    typer.echo(unprintable.sub(lambda found: json.dumps(found[0])[1:-1], text))


def told_as(kind: type[D], report: object) -> D:
    """Return a phase's report as a document: those of its attributes that the type names."""
    return msgspec.convert(report, kind, from_attributes=True)


def aside(line: str) -> None:
    """Print a line for people, on stderr: above the bars where there are any."""
    told = folded(visible(line), width_of(sys.stderr))
    if ABOVE:
        ABOVE[-1](told)
    else:
        typer.echo(told, err=True)


def say(line: str) -> None:
    """Print a sentence on stdout: folded at words on a terminal, whole for a script."""
    typer.echo(folded(visible(line), width_of(sys.stdout)))


def put(line: str) -> None:
    """Print a line on stdout as it is, however wide: a row, or a name for a script."""
    typer.echo(visible(line))


def confirmed(question: str, *, default: bool = False) -> bool:
    """Ask a person on stderr whether to go on.

    Raises:
        EOFError: Nobody answers any more: Ctrl-D, or the terminal is gone.
        KeyboardInterrupt: Ctrl-C was pressed.

    """
    try:
        return typer.confirm(visible(question), default=default, err=True)
    except typer.Abort as abort:  # Typer's word for both
        typer.echo(err=True)  # what is said now is not said behind the question
        is_gone = isinstance(abort.__context__, EOFError)
        raise (EOFError if is_gone else KeyboardInterrupt) from None


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
