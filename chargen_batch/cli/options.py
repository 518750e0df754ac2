"""The options that commands share, declared once."""

from __future__ import annotations

import contextlib
import functools
import inspect
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from chargen_batch.cli import completion
from chargen_batch.cli.terminal import stdout_for_events
from chargen_batch.errors import UsageError
from chargen_batch.model.plan import Scope
from chargen_batch.model.settings import Backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

# What --events takes for stdout.
EVENTS_TO_STDOUT: Final = "-"

RunOption = Annotated[
    str | None,
    typer.Option(
        "--run",
        envvar="CHARGEN_RUN",
        metavar="ID|PATH",
        help="The run to act on.",
        show_default=False,
        autocompletion=completion.runs,
    ),
]

GiveUpOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="JOB",
        help="Go on without this job, if the service has lost it (repeat; needs --run).",
        show_default=False,
    ),
]

ScopeOption = Annotated[Scope, typer.Option(help="Which entities to look at.")]

OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SLUG-GLOB",
        help="Only these entities (repeat).",
        show_default=False,
        autocompletion=completion.slugs,
    ),
]

ProblemFormat = Literal["text", "json", "github", "sarif"]


IntervalOption = Annotated[
    float | None,
    typer.Option(
        min=0.05,
        max=86_400,
        metavar="S",
        help="Seconds between rounds of waiting.  [default: batch.poll_interval_s]",
        show_default=False,
    ),
]

TimeoutOption = Annotated[
    float | None,
    typer.Option(
        min=0, metavar="S", help="Give up waiting after so many seconds.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """Whether a command goes on until nothing is left to wait for, and how patiently."""

    wait: Annotated[
        bool, typer.Option("--wait", help="Go on until there is nothing to wait for.")
    ] = False
    interval: IntervalOption = None
    timeout: TimeoutOption = None


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """How patiently a command waits that always does."""

    interval: IntervalOption = None
    timeout: TimeoutOption = None


@dataclass(frozen=True, slots=True)
class Common:
    """What every command is told: where it works, and how it speaks."""

    project: Annotated[
        Path | None,
        typer.Option(
            envvar="CHARGEN_PROJECT",
            metavar="DIR",
            help="The project's folder.",
            show_default=False,
        ),
    ] = None
    backend: Annotated[
        Backend | None, typer.Option(help="The service to talk to.", show_default=False)
    ] = None
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, and nothing else.")
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print what a script needs, and errors.")
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print whatever happens, and every warning.")
    ] = False
    events: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Append what happens to a file as JSON lines; with - print just that.",
            show_default=False,
        ),
    ] = None
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Print without colour; so does NO_COLOR.")
    ] = False
    lock_timeout: Annotated[
        float, typer.Option(min=0, metavar="S", help="Wait so long for another command on the run.")
    ] = 0.0


# The commands for people alone: given --json they say so, and their help does not name it.
_FOR_PEOPLE: Final = frozenset({"review", "menu", "emulator"})
_HIDDEN_JSON: Final = Annotated[
    bool, typer.Option("--json", hidden=True, help="Not here: see status --story.")
]


def _stdout_shared(groups: Iterable[object]) -> AbstractContextManager[None]:
    """Leave stdout to the events where they go there.

    Raises:
        UsageError: The document of --json would go there too.

    """
    common = next((each for each in groups if isinstance(each, Common)), Common())
    if common.events != EVENTS_TO_STDOUT:
        return contextlib.nullcontext()
    if common.json:
        raise UsageError("--json and --events - both print on stdout", hint="give --events FILE")
    return stdout_for_events()


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take groups of options: each of its dataclass parameters becomes its fields.

    Typer reads a command's options off its signature, so that is put together here: the command's
    own options first, the common ones behind them.
    """
    own: list[inspect.Parameter] = []
    shared: list[inspect.Parameter] = []
    groups: dict[str, tuple[type[Any], list[str]]] = {}
    for each in inspect.signature(command, eval_str=True).parameters.values():
        if not (isinstance(each.annotation, type) and is_dataclass(each.annotation)):
            own.append(each)
            continue
        fields = inspect.signature(each.annotation, eval_str=True).parameters
        groups[each.name] = (each.annotation, list(fields))
        (shared if each.annotation is Common else own).extend(fields.values())
    options = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
    if command.__name__ in _FOR_PEOPLE:
        options = [
            each.replace(annotation=_HIDDEN_JSON) if each.name == "json" else each
            for each in options
        ]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:  # noqa: ANN401 - whatever the command line says
        grouped = {
            name: group(**{field: given.pop(field) for field in fields})
            for name, (group, fields) in groups.items()
        }
        with _stdout_shared(grouped.values()):
            command(**grouped, **given)

    wrapped.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in options}
    del wrapped.__wrapped__
    return wrapped
