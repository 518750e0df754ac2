"""The application: every command, in the order in which --help lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from chargen_batch import __version__
from chargen_batch.cli import (
    emulator_commands,
    menu,
    overview_commands,
    picture_commands,
    resume_command,
    review_command,
    run_command,
    run_commands,
    story_commands,
    upkeep_commands,
)
from chargen_batch.cli.emulator_options import EPILOG
from chargen_batch.cli.options import with_groups

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    story_commands.init,
    story_commands.validate,
    story_commands.plan,
    run_commands.stage,
    run_commands.submit,
    run_commands.poll,
    run_commands.download,
    run_commands.apply,
    run_commands.report,
    run_command.run,
    resume_command.resume,
    review_command.review,
    upkeep_commands.retry,
    upkeep_commands.revert,
    upkeep_commands.cancel,
    upkeep_commands.cleanup,
    overview_commands.status,
    overview_commands.runs,
    story_commands.show,
    picture_commands.explain,
    picture_commands.adopt,
    story_commands.config,
    overview_commands.doctor,
    menu.menu,
    emulator_commands.emulator,
)

# What the help of a command ends with, where its options do not say it all.
EPILOGS: Final = {emulator_commands.emulator: EPILOG}

app = typer.Typer(
    name="chargen-batch",
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


for command in COMMANDS:
    app.command(epilog=EPILOGS.get(command))(with_groups(command))
