"""What retry decides: whether the task of a dead letter is worth asking for again as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from chargen_batch.core.states import EMULATOR
from chargen_batch.core.task_key import normalized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.model.history import History, TargetName
    from chargen_batch.model.target import Target
    from chargen_batch.model.task import BatchTask, ImageRef

Left = Literal["code", "held", "in_flight", "drawn", "vanished", "changed"]

# Why a dead letter that could be sent again is not.
WHY: Final[dict[Left, str]] = {
    "code": "ended with another code",
    "held": "in a later run already",
    "in_flight": "being drawn by an unfinished run",
    "drawn": "drawn since",
    "vanished": "not in the story any more",
    "changed": "changed in the story since (chargen-batch plan draws them as they are now)",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known now of the targets of a run.

    ``targets`` is ``None`` where the story need not be asked: an analysis writes nothing back.
    """

    run_id: str
    backend: str
    history: History
    targets: Mapping[TargetName, Target] | None

    def left(self, task: BatchTask) -> Left | None:
        """Say why a task is not sent again, ``None`` where it is."""
        name = (task.entity_type, task.entity_slug, task.target_id)
        if name in self.history.in_flight:
            return "in_flight"
        drawn = self.history.drawn.get(name)
        if drawn and drawn.variant == task.variant and drawn.run_id > self.run_id:
            return "drawn"
        if self.targets is None:
            return None
        target = self.targets.get(name)
        if target is None:
            return "vanished"
        if self._has_entry(target, task):
            return "drawn"
        return "changed" if _differs(target, task) else None

    def _has_entry(self, target: Target, task: BatchTask) -> bool:
        """Say whether the story has this very picture, or another one in its place."""
        return any(
            entry.variant == task.variant or entry.key_hash == task.key_hash
            for entry in target.entries
            if (entry.provider == EMULATOR) == (self.backend == EMULATOR)
        )


def _differs(target: Target, task: BatchTask) -> bool:
    """Say whether a target would be asked for in other words, or with other pictures."""
    asked = (normalized(target.prompt), normalized(target.negative_prompt))
    if asked != (task.prompt, task.negative_prompt):
        return True
    return _shown(target.references) != _shown(task.reference_images)


def _shown(images: tuple[ImageRef, ...]) -> list[tuple[str, str]]:
    return [(image.role, image.sha256) for image in images]
