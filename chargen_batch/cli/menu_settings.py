"""The menu's ways to the settings, and to what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chargen_batch.cli.menu_asking import Item, pick, say
from chargen_batch.config import CONFIG_NAME

if TYPE_CHECKING:
    from chargen_batch.cli.menu_guide import Guide
    from chargen_batch.model.settings import Backend


def settings(guide: Guide) -> None:
    """Show what holds, check it, or choose which service commands talk to."""
    items = [
        Item("Every setting, and where it came from", "config", "e"),
        Item("What stands in the way: key, network, models, disk", "doctor", "w"),
        Item("Check the story's files", "validate", "c"),
        Item(f"The service: {guide.backend}", "service", "s"),
        Item("Remove what finished runs left on the service", "cleanup", "r"),
        Item("Back", "", "b"),
    ]
    if not (guide.root / CONFIG_NAME).exists():
        items.insert(0, Item(f"Write a {CONFIG_NAME} that explains every setting", "init", "i"))
    match pick("Settings", items):
        case "service":
            _choose_service(guide)
        case "":
            return
        case command:
            guide.run(command)


def _choose_service(guide: Guide) -> None:
    items: list[Item[Backend | None]] = [
        Item("As chargen.yaml says", None, "c"),
        Item("The emulator: placeholders, nothing is paid, no key", "emulator", "e"),
        Item("Gemini: the real thing", "gemini", "g"),
    ]
    guide.common = replace(guide.common, backend=pick("Which service shall be used?", items))
    say(f"From now on this menu works with: {guide.backend}")
    if guide.common.backend:
        say(f"To make it stay, write batch: {{backend: {guide.common.backend}}} in {CONFIG_NAME}.")
