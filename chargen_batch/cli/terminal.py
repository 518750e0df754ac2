"""Printing: data on stdout, words for people beside it on stderr."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass

import msgspec
import typer


def print_json(document: object) -> None:
    """Print a document on stdout."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def document(value: object) -> object:
    """Return a report as plain JSON values, its fields' names in camelCase like the documents'."""
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(each.name): document(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, list | tuple):
        return [document(item) for item in value]
    return msgspec.to_builtins(value, enc_hook=str)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def aside(line: str) -> None:
    """Print a line for people, on stderr."""
    typer.echo(line, err=True)


def has_a_person() -> bool:
    """Say whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()
