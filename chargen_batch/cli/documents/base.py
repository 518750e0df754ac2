"""What every document has, and the one that tells of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch.errors import BatchError, ConfigError, ExitCode, PlanningError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of a document."""


class Document(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="command",
):
    """What a command prints with --json: its name, what it ends with, and what it has to say."""

    exit_code: ExitCode


class ErrorPart(Part, frozen=True, kw_only=True):
    """An expected error; ``problems`` only where files or settings have them."""

    code: str
    message: str
    hint: str
    problems: tuple[Problem, ...] | msgspec.UnsetType = msgspec.UNSET


class ErrorDocument(Part, frozen=True, kw_only=True):
    """What stands in a document's place when a command ends with an error of its own."""

    command: str | None
    exit_code: ExitCode
    error: ErrorPart


def error_part(error: BatchError) -> ErrorPart:
    """Return an error as documents tell it."""
    problems: tuple[Problem, ...] | msgspec.UnsetType = msgspec.UNSET
    if isinstance(error, PlanningError | ConfigError):
        problems = error.problems
    return ErrorPart(code=error.code, message=error.message, hint=error.hint, problems=problems)


def error_document(error: BatchError, argv: Sequence[str]) -> ErrorDocument:
    """Return the document of a command that ended with an error."""
    return ErrorDocument(command=_command(argv), exit_code=error.exit_code, error=error_part(error))


def bug_document(name: str, log: Path, argv: Sequence[str]) -> ErrorDocument:
    """Return the document of a command that a bug of ours ended."""
    told = ErrorPart(
        code="BUG", message=f"a bug in chargen-batch ({name})", hint=f"please report it with {log}"
    )
    return ErrorDocument(command=_command(argv), exit_code=ExitCode.BUG, error=told)


def _command(argv: Sequence[str]) -> str | None:
    """Return the command that was typed; every option stands behind it."""
    return next((word for word in argv if not word.startswith("-")), None)
