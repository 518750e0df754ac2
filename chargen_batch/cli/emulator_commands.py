"""The local Gemini service: served for any client, with the trouble that is to be rehearsed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chargen_batch.cli import rehearsing, views
from chargen_batch.cli.emulator_options import EPILOG, StateOptions, TroubleOptions
from chargen_batch.errors import BatchError, ExitCode, UsageError

if TYPE_CHECKING:
    from chargen_batch.emulator.trouble import Trouble

__all__ = ["EPILOG", "emulator"]

_SPAN = re.compile(r"([+-]?\d{1,6}(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def emulator(
    trouble: TroubleOptions,
    change: StateOptions,
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="Where its files and jobs are kept.")
    ] = Path(".chargen/emulator"),
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="The port; 0 takes a free one.")] = 8765,
    looks: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How often a job is looked at until it has ended.  [default: 2]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the local Gemini service, for any client."""
    tables = rehearsing.tables_of(trouble, looks)
    told = rehearsing.trouble_of(state, trouble.trouble, tables)
    if change.asked:
        _change(state, change, told)
    from chargen_batch.emulator.server import run_forever

    faults = rehearsing.queues_of(trouble.fault or ())
    try:
        run_forever(state, host, port, views.announce_emulator, trouble=told, faults=faults)
    except KeyboardInterrupt:
        pass
    except OSError as err:
        raise BatchError(
            f"cannot listen on {host}:{port}: {err.strerror}", hint="give another one: --port 0"
        ) from err
    # It ends only when it is interrupted; where SIGINT was ignored at the start (a background job
    # of a shell), uvicorn's own handler still ends it, and nothing is raised.
    raise typer.Exit(ExitCode.INTERRUPTED)


def _change(state: Path, change: StateOptions, trouble: Trouble) -> NoReturn:
    from chargen_batch.emulator.faults import Faults
    from chargen_batch.emulator.world import World

    world = World(state, trouble=trouble)
    faults = Faults(world.store, trouble.faults)
    if change.at:
        world.clock.set(_moment(change.at))
    if change.advance:
        world.clock.advance(_span(change.advance))
    if change.at or change.advance:
        typer.echo(f"clock: {world.clock().isoformat(timespec='seconds')}")
    if change.expire is not None:
        typer.echo(f"files expired: {world.shelf.expire(change.expire)}")
    if change.rewind:
        faults.rewind()
        world.shelf.rewind()
        typer.echo("the faults of the file happen again")
    if not change.unused:
        raise typer.Exit(ExitCode.DONE)
    left = faults.pending()
    for method, queue in left.items():
        typer.echo(f"{method}: {', '.join(fault.kind for fault in queue)}")
    raise typer.Exit(ExitCode.FAILED if left else ExitCode.DONE)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise UsageError(f"{text!r} is no time", hint="type: --at 2026-11-24T08:00:00Z") from err
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no span of time", hint="type: --advance 49h, 90m or 2d")
    return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
