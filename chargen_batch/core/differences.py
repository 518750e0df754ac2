"""What differs between the request that drew a picture and the one that would draw it now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chargen_batch.core.task_key import normalized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.model.target import DrawnFrom
    from chargen_batch.model.task import BatchTask

# ``tool``: another tool drew it, and what from is not known.
Difference = Literal["prompt", "reference", "model", "settings", "tool"]


def differences(task: BatchTask, drawn: DrawnFrom | None) -> tuple[tuple[Difference, str], ...]:
    """Return what differs, each with its words for people; empty where an entry cannot tell.

    Only what the entry records is compared. Where all of it is the same, what no entry records
    must differ: the safety settings, the temperature.
    """
    if drawn is None:
        return ()
    found = tuple(_recorded(task, drawn))
    whole = None not in (drawn.prompt, drawn.model, drawn.references)
    return found or ((("settings", "settings (safety or temperature)"),) if whole else ())


def _recorded(task: BatchTask, drawn: DrawnFrom) -> Iterator[tuple[Difference, str]]:
    if _differs(drawn.prompt, task.prompt) or _differs(drawn.negative_prompt, task.negative_prompt):
        yield "prompt", "prompt"
    now = tuple((image.role, image.sha256) for image in task.reference_images)
    if drawn.references is not None and drawn.references != now:
        yield "reference", _counted(len(drawn.references), len(now))
    if _differs(drawn.model, task.model):
        yield "model", f"model ({drawn.model} → {task.model})"
    if shape := ", ".join(_shape(task, drawn)):
        yield "settings", f"settings ({shape})"


def _differs(recorded: str | None, now: str | None) -> bool:
    return recorded is not None and normalized(recorded) != normalized(now or "")


def _counted(before: int, now: int) -> str:
    return "references" if before == now else f"references ({before} → {now})"


def _shape(task: BatchTask, drawn: DrawnFrom) -> Iterator[str]:
    if _differs(drawn.aspect_ratio, task.aspect_ratio):
        yield f"{drawn.aspect_ratio} → {task.aspect_ratio}"
    if _differs(drawn.image_size, task.image_size):
        yield f"{drawn.image_size} → {task.image_size}"
