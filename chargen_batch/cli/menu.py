"""menu: the commands as an interactive guide, which shows what it types."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import typer  # noqa: TC002 - Typer reads annotations when the program runs

from chargen_batch.cli.options import Common
from chargen_batch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.menu_asking import Item
    from chargen_batch.cli.menu_guide import Guide

    Way = Callable[[Guide], None]

_COMMANDS: Final = "init, validate, plan, run, resume, runs, retry, review, report, config"
_NAMES: Final = {
    "emulator": "the emulator: placeholders, nothing is paid",
    "gemini": "Gemini",
    "vertex": "Vertex",
}


def menu(context: typer.Context, common: Common) -> None:
    """Be guided: generate, analyse, resume, look back, retry, review, report, settings."""
    from chargen_batch.cli.menu_asking import say
    from chargen_batch.cli.menu_guide import Guide

    if common.json or common.quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the menu is for a person at a terminal",
            hint=f"in a script, type the commands it would: {_COMMANDS} (chargen-batch --help)",
        )
    guide = Guide(common, context.obj)
    say(f"{guide.root}, drawn by {_NAMES[guide.backend]}", "question")
    say("Each choice shows the command that does it, so that you can type it another time.")
    while _chosen(guide):
        pass
    say("-- the menu has ended; chargen-batch menu comes back to it")


def _chosen(guide: Guide) -> bool:
    """Let something be chosen and do it; say whether to go on."""
    from chargen_batch.cli.menu_asking import WentBackError, pick, say

    say("")
    try:
        way = pick("What next?", _ways(guide), is_first=True)
    except (WentBackError, KeyboardInterrupt):
        return False
    if way is None:
        return False
    try:
        way(guide)
    except (WentBackError, KeyboardInterrupt):
        say("-- back in the menu")
    return True


def _ways(guide: Guide) -> list[Item[Way | None]]:
    from chargen_batch.cli import menu_drawing, menu_runs, menu_settings
    from chargen_batch.cli.menu_asking import Item

    runs = guide.history()
    unfinished = _counted(sum(run.open > 0 for run in runs), "unfinished")
    lost = _counted(sum(run.failed for run in runs), "task(s)")
    items: list[Item[Way | None]] = [
        Item("Generate pictures", menu_drawing.draw, "g"),
        Item("Analyse pictures there are", lambda at: menu_drawing.draw(at, "analyze"), "a"),
        Item(f"Go on with a run{unfinished}", menu_runs.go_on, "o"),
        Item("History: runs, and what they cost", menu_runs.look_back, "h"),
        Item(f"Failed tasks: see why, send again{lost}", menu_runs.failed, "f"),
        Item("Review: approve or reject what was drawn", menu_runs.review, "v"),
        Item("Report of a run", menu_runs.report, "r"),
        Item("Settings, and what stands in the way", menu_settings.settings, "s"),
        Item("Quit", None, "q"),
    ]
    if not guide.has_story:
        items.insert(0, Item("Begin with an example: a small story to play with", _example, "e"))
    return items


def _counted(count: int, what: str) -> str:
    return f" ({count} {what})" if count else ""


def _example(guide: Guide) -> None:
    """Write the example story, and go on in it."""
    from chargen_batch.phases.init import EXAMPLE_NAME

    if guide.run("init", "--example") == 0:
        guide.common = replace(guide.common, project=guide.root / EXAMPLE_NAME)
