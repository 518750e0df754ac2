"""The options that commands share, declared once."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chargen_batch.model.plan import Scope, SkipBy
from chargen_batch.model.settings import Backend

if TYPE_CHECKING:
    from collections.abc import Callable

RunOption = Annotated[
    str | None,
    typer.Option(
        "--run",
        envvar="CHARGEN_RUN",
        metavar="ID|PATH",
        help="The run to act on.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """Whether a command goes on until nothing is left to wait for, and how patiently."""

    wait: Annotated[
        bool, typer.Option("--wait", help="Go on until there is nothing to wait for.")
    ] = False
    interval: Annotated[
        float | None,
        typer.Option(
            min=0.05,
            max=86_400,
            metavar="S",
            help="Seconds between rounds of --wait.  [default: batch.poll_interval_s]",
            show_default=False,
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="S", help="Give up waiting after so many seconds.", show_default=False
        ),
    ] = None


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
    no_color: Annotated[
        bool, typer.Option("--no-color", envvar="NO_COLOR", help="Print without colour.")
    ] = False
    lock_timeout: Annotated[
        float, typer.Option(min=0, metavar="S", help="Wait so long for another command on the run.")
    ] = 0.0


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is asked for."""

    scope: Annotated[Scope, typer.Option(help="Which entities to plan.")] = "all"
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG-GLOB", help="Only these entities (repeat).", show_default=False),
    ] = None
    target: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only these targets.", show_default=False)
    ] = None
    model: Annotated[
        str | None, typer.Option(help="The model to draw with.", show_default=False)
    ] = None
    aspect_ratio: Annotated[
        str | None,
        typer.Option(metavar="W:H", help="The shape of every picture.", show_default=False),
    ] = None
    image_size: Annotated[
        str | None,
        typer.Option(metavar="1K|2K|4K", help="The size of every picture.", show_default=False),
    ] = None
    max_tasks: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Plan at most so many.", show_default=False),
    ] = None
    skip: Annotated[
        SkipBy,
        typer.Option(
            help="Leave out targets with a live picture, only those done by key, or none."
        ),
    ] = "target"
    changed: Annotated[
        bool, typer.Option("--changed", help="Plan what has changed as well: --skip key.")
    ] = False
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Plan the rest when files have problems.")
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the table; write no file, make no call.")
    ] = False
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 10 when something would be planned; write nothing."),
    ] = False
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="USD",
            help="Refuse a plan that costs more.  [default: batch.max_cost_usd]",
            show_default=False,
        ),
    ] = None


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

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:  # noqa: ANN401 - whatever the command line says
        grouped = {
            name: group(**{field: given.pop(field) for field in fields})
            for name, (group, fields) in groups.items()
        }
        command(**grouped, **given)

    wrapped.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in options}
    del wrapped.__wrapped__
    return wrapped
