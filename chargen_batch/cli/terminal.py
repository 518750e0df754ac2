"""Printing: data on stdout, words for people beside it on stderr."""

from __future__ import annotations

import msgspec
import typer


def print_json(document: object) -> None:
    """Print a document on stdout."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def aside(line: str) -> None:
    """Print a line for people, on stderr."""
    typer.echo(line, err=True)
