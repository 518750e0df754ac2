"""The menu's way to new pictures, and to analyses: what, how, what it costs, and off it goes."""

from __future__ import annotations

import fnmatch
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, get_args

from chargen_batch.cli import run_view, typed
from chargen_batch.cli.menu_asking import Item, WentBackError, agrees, pick, pick_several, word
from chargen_batch.cli.menu_shape import shaped
from chargen_batch.cli.plan_options import PlanOptions
from chargen_batch.model.plan import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chargen_batch.cli.menu_guide import Guide
    from chargen_batch.model.task import TaskKind
    from chargen_batch.phases.plan import PlanReport

    # Says whether all is done.
    Way = Callable[[], bool]

_SCOPES: Final[dict[Scope, tuple[str, str]]] = {
    "all": ("w", "The whole story"),
    "characters": ("c", "Characters"),
    "locations": ("l", "Locations"),
    "chapters": ("h", "Chapters: their scenes"),
}


def draw(guide: Guide, mode: TaskKind = "generate", *, retry_refused: bool = False) -> None:
    """Walk somebody from a part of the story to pictures of it."""
    question = "Pictures of what shall be analysed?" if mode == "analyze" else "Draw what?"
    scopes = sorted(get_args(Scope), key=[*_SCOPES].index)
    items = [Item(_SCOPES[scope][1], scope, _SCOPES[scope][0]) for scope in scopes]
    options = PlanOptions(scope=pick(question, items), mode=mode, retry_refused=retry_refused)
    _Choosing(guide, options).go()


@dataclass(slots=True)
class _Choosing:
    """What is asked for so far, and the plan that it would be."""

    guide: Guide
    options: PlanOptions
    found: PlanReport | None = None

    def go(self) -> None:
        """Show the plan and ask what to do with it, until that is done."""
        seen = None
        while True:
            if seen != self.options:
                seen, self.found = self.options, self.guide.look(self.options)
            if self.found is None:
                return
            way = pick("And now?", list(self._ways(self.found)))
            with suppress(WentBackError):
                if way():
                    return

    def _ways(self, found: PlanReport) -> Iterator[Item[Way]]:
        states = Counter(verdict.state for verdict in found.verdicts if not verdict.planned)
        if found.planned:
            yield Item(self._offer(found), self._draw, "d")
            yield Item("Look at a prompt first", self._prompt, "p")
        if states["changed"] and not self.options.changed:
            count = states["changed"]
            yield Item(f"Add what has changed since it was drawn ({count})", self._changed, "c")
        if found.verdicts:
            yield Item("Only some of these", self._entities, "o")
            yield Item("Only those of a name", self._target, "n")
            yield Item("Another model, shape or size; several of each", self._shape, "m")
        if found.planned:
            yield Item("Plan it now, submit it another time", self._only_plan, "l")
        yield Item("Back", lambda: True, "b")

    def _offer(self, found: PlanReport) -> str:
        is_rehearsal = self.guide.backend == "emulator"
        return f"Go ahead: {run_view.price(found, is_rehearsal=is_rehearsal)}"

    def _draw(self) -> bool:
        if self.found is None or not self._is_agreed(self.found):
            return False
        self.guide.run("run", *typed.options_of(self.options), "--yes")
        return True

    def _is_agreed(self, found: PlanReport) -> bool:
        """Ask again where it costs something, or where placeholders would go among pictures."""
        if self.guide.backend != "emulator":
            told = run_view.price(found, is_rehearsal=False)
            return agrees(f"{told[0].upper()}{told[1:]}. Spend that?", yes="Yes, go ahead")
        if self.guide.is_strange_for("emulator"):
            question = "chargen.yaml does not name the emulator. Let placeholders into this story?"
            return agrees(question, yes="Yes (revert takes them out again)")
        return True

    def _prompt(self) -> bool:
        planned = self.found.planned if self.found else ()
        names = {f"{each.task.entity_slug}/{each.task.target_id}": each.task for each in planned}
        items = [Item(f"{name}  {task.title}", name) for name, task in names.items()]
        mode = typed.options_of(PlanOptions(mode=self.options.mode))
        self.guide.run("show", pick("Whose prompt?", items), *mode)
        return False

    def _changed(self) -> bool:
        self.options = replace(self.options, changed=True)
        return False

    def _entities(self) -> bool:
        verdicts = self.found.verdicts if self.found else ()
        counts = Counter(each.task.entity_slug for each in verdicts)
        items = [Item(f"{slug} ({count})", slug) for slug, count in counts.items()]
        if chosen := pick_several("Which of them?", items):
            self.options = replace(self.options, only=chosen)
        return False

    def _target(self) -> bool:
        ids = {each.task.target_id for each in (self.found.verdicts if self.found else ())}

        def is_good(given: str) -> bool | str:
            pattern = given.strip()
            is_there = any(fnmatch.fnmatchcase(each, pattern) for each in ids)
            return not pattern or is_there or f"none of the {len(ids)} targets is called so"

        question = "Which targets? A name, or a pattern such as *-at-dusk; nothing for all:"
        name = word(question, default=self.options.target or "", is_good=is_good)
        self.options = replace(self.options, target=name or None)
        return False

    def _shape(self) -> bool:
        self.options = shaped(self.guide, self.options)
        return False

    def _only_plan(self) -> bool:
        self.guide.run("plan", *typed.options_of(self.options))
        return True
