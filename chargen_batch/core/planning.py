"""What plan decides: the task that a target becomes, and whether it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import cost
from chargen_batch.core.task_key import keyed, normalized
from chargen_batch.errors import ConfigError
from chargen_batch.model.task import BatchTask, TaskSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chargen_batch.model.plan import SkipBy
    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.model.target import Entry, Target, TargetState

EMULATOR = "emulator"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a command asks of every picture; ``None`` leaves it to the story and the settings."""

    model: str
    facts: ModelFacts
    aspect_ratio: str | None = None
    image_size: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, the task that would draw it, its state, why, and whether it is planned."""

    target: Target
    task: BatchTask
    state: TargetState
    reason: str
    planned: bool


def judge(
    target: Target,
    settings: Settings,
    shape: Shape,
    *,
    skip: SkipBy,
    in_flight: Mapping[tuple[str, str, str], str],
) -> Verdict:
    """Decide on one target.

    Args:
        target: What the story asks for, with the entries that it has.
        settings: The project's settings.
        shape: The command's choices.
        skip: What is left out: targets with a live picture, those done by key, or none.
        in_flight: Runs that hold a target, by entity type, slug and target id.

    """
    first = task_for(target, settings, shape, variant=1)
    entries = [entry for entry in target.entries if _counts(entry, settings)]
    live = [entry for entry in entries if entry.is_live]
    highest = max((entry.variant for entry in target.entries), default=0)
    state, reason = _state(first, entries, live)
    holder = in_flight.get((target.entity_type, target.entity_slug, target.target_id))
    if holder:
        return Verdict(target, first, "in_flight", f"run {holder} holds it", planned=False)
    redrawn = bool(live) or len(target.entries) > len(entries) or state == "rejected"
    task = with_variant(first, highest + 1 if redrawn else max(highest, 1))
    return Verdict(target, task, state, reason, planned=_is_planned(state, skip))


def _counts(entry: Entry, settings: Settings) -> bool:
    """Say whether an entry counts for this backend: a rehearsal never passes for the real thing."""
    return (entry.provider == EMULATOR) == (settings.batch.backend == EMULATOR)


def _state(
    task: BatchTask, entries: Sequence[Entry], live: Sequence[Entry]
) -> tuple[TargetState, str]:
    if any(with_variant(task, entry.variant).key == entry.task_key for entry in live):
        return "done", "its picture is there"
    if live:
        return "changed", "its picture was drawn from another prompt, reference or setting"
    if any(entry.status in {"rejected", "archived"} for entry in entries):
        return "rejected", "its pictures were all rejected"
    return "new", "it has no picture"


def _is_planned(state: TargetState, skip: SkipBy) -> bool:
    left_out = {"target": {"done", "changed"}, "key": {"done"}, "none": set[str]()}
    return state not in left_out[skip]


def with_variant(task: BatchTask, variant: int) -> BatchTask:
    """Return the task as its n-th variant, with that one's key."""
    if task.variant == variant and task.key:
        return task
    return keyed(msgspec.structs.replace(task, variant=variant))


def task_for(target: Target, settings: Settings, shape: Shape, *, variant: int) -> BatchTask:
    """Return the task that draws a target.

    Raises:
        ConfigError: The model does not offer the aspect ratio or image size that is asked for.

    """
    defaults = getattr(settings.defaults, target.scenario)
    ratio = shape.aspect_ratio or target.aspect_ratio or defaults.aspect_ratio
    size = shape.image_size or target.image_size or defaults.image_size
    _check_offered("aspect ratio", ratio, shape.facts.ratios, shape.model)
    _check_offered("image size", size, shape.facts.sizes, shape.model)
    prompt = normalized(target.prompt)
    return keyed(
        BatchTask(
            key="",
            kind="generate",
            entity_type=target.entity_type,
            entity_slug=target.entity_slug,
            target_id=target.target_id,
            variant=variant,
            title=target.title,
            description=target.description,
            tags=target.tags,
            prompt=prompt,
            negative_prompt=normalized(target.negative_prompt),
            reference_images=target.references,
            output_dir=target.output_dir,
            output_file_name_hint=target.output_stem,
            model=shape.model,
            aspect_ratio=ratio,
            image_size=size,
            safety=settings.safety,
            source=TaskSource(file=target.file, yaml_path=target.yaml_path),
            estimate=cost.estimate(
                prompt, references=len(target.references), image_size=size, facts=shape.facts
            ),
        )
    )


def _check_offered(what: str, value: str, offered: Sequence[str], model: str) -> None:
    if value not in offered:
        raise ConfigError(
            f"{model} does not offer the {what} {value}", hint=f"it offers {', '.join(offered)}"
        )
