"""The application: every command, in the order in which --help lists them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from chargen_batch import __version__

# Where each command is: it is loaded when it is typed, as most take longer to load than to run.
ROOMS: Final = {
    "init": "story_commands",
    "validate": "story_commands",
    "plan": "story_commands",
    "stage": "run_commands",
    "submit": "run_commands",
    "poll": "run_commands",
    "download": "run_commands",
    "apply": "run_commands",
    "report": "run_commands",
    "run": "run_command",
    "resume": "resume_command",
    "review": "review_command",
    "retry": "upkeep_commands",
    "revert": "upkeep_commands",
    "cancel": "upkeep_commands",
    "cleanup": "upkeep_commands",
    "status": "overview_commands",
    "runs": "overview_commands",
    "show": "story_commands",
    "explain": "picture_commands",
    "adopt": "picture_commands",
    "config": "story_commands",
    "doctor": "overview_commands",
    "menu": "menu",
    "emulator": "emulator_commands",
}


class _Commands(Mapping[str, TyperCommand]):
    """The commands by their names; each is loaded and built once, when it is first asked for."""

    def __getitem__(self, name: str) -> TyperCommand:
        return _built(name)

    # Mapping's own take any KeyError for a name that is not there, also one of a module's code.
    def __contains__(self, name: object) -> bool:
        return name in ROOMS

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as any mapping's
        return self[name] if name in ROOMS else default

    def __iter__(self) -> Iterator[str]:
        return iter(ROOMS)

    def __len__(self) -> int:
        return len(ROOMS)


@functools.cache
def _built(name: str) -> TyperCommand:
    """Load a command, and let Typer make of it what it makes of an application's only one."""
    from chargen_batch.cli.options import with_groups

    room = import_module(f"chargen_batch.cli.{ROOMS[name]}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    # What the help of a command ends with, where its options do not say it all.
    epilog = getattr(room, "EPILOG", None)
    alone.command(name, epilog=epilog)(with_groups(getattr(room, name)))
    return cast("TyperCommand", get_command(alone))


COMMANDS: Final = _Commands()


class _Group(TyperGroup):
    """The application: Typer builds none of its commands, and asks for the one that is typed."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - what Typer gives to any group
        super().__init__(**given)
        self.commands = COMMANDS  # type: ignore[assignment]  # Typer only reads them


app = typer.Typer(
    name="chargen-batch",
    cls=_Group,
    help="Draw a whole story: plan its pictures, send them to Gemini's Batch API at half the "
    "price, and put the results back where they belong.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"chargen-batch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
