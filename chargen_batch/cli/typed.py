"""Commands as people type them: what a hint or the menu shows is what would be run."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.cli.plan_options import PlanOptions


def shown(argv: Sequence[str]) -> str:
    """Return a command as it is typed in a shell."""
    return shlex.join(["chargen-batch", *argv])


def options_of(options: PlanOptions | Common) -> list[str]:
    """Return the words that say what options differ from what is assumed."""
    words: list[str] = []
    for each in fields(options):
        value = getattr(options, each.name)
        if value != each.default:
            words.extend(_words(f"--{each.name.replace('_', '-')}", value))
    return words


def _words(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever an option takes
    if value is True:
        yield name
    elif isinstance(value, list | tuple):
        yield from (word for each in value for word in (name, str(each)))
    elif value is not None and value is not False:
        yield from (name, str(value))
