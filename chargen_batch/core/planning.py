"""What plan decides: the task that a target becomes, and whether it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chargen_batch.core import cost
from chargen_batch.core.prompt_diff import word_diff
from chargen_batch.core.states import EMULATOR, Facts, find, refused, variant_of, with_variant
from chargen_batch.core.task_key import keyed, normalized
from chargen_batch.errors import ConfigError
from chargen_batch.model.history import History
from chargen_batch.model.task import BatchTask, TaskSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.core.differences import Difference
    from chargen_batch.model.plan import SkipBy
    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.model.target import Entry, Target, TargetState

NO_HISTORY: Final = History()

# Which states are planned, by --skip. What was removed or renamed has its picture.
PLANNED_BY: Final[dict[SkipBy, frozenset[TargetState]]] = {
    "target": frozenset({"new", "rejected"}),
    "key": frozenset({"new", "rejected", "changed"}),
    "none": frozenset({"new", "rejected", "changed", "done", "removed", "renamed"}),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a command asks of every picture; ``None`` leaves it to the story and the settings."""

    model: str
    facts: ModelFacts
    aspect_ratio: str | None = None
    image_size: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, the task that would draw it, its state, why, and whether it is planned.

    ``differs`` says what differs from the entry ``was``, where the target changed.
    """

    target: Target
    task: BatchTask
    state: TargetState
    reason: str
    planned: bool
    differs: tuple[Difference, ...] = ()
    was: Entry | None = None

    @property
    def output(self) -> str:
        """Return where the result goes, relative to the project and without its suffix.

        Of what is done and not planned: where its picture is, with its suffix.
        """
        if self.was and self.was.file and self.state == "done" and not self.planned:
            return self.was.file
        task = self.task
        version = f"-{task.key_hash[:8]}" if task.kind == "generate" else ""
        return f"{task.output_dir}/{task.output_file_name_hint}{version}"

    @property
    def prompt_diff(self) -> str:
        """Return the words that changed in the prompt; empty where none did or it is not known."""
        drawn = self.was.drawn_from if self.was and "prompt" in self.differs else None
        return word_diff(drawn.prompt, self.task.prompt) if drawn and drawn.prompt else ""


def judge(
    target: Target,
    settings: Settings,
    shape: Shape,
    *,
    skip: SkipBy,
    history: History = NO_HISTORY,
    retry_refused: bool = False,
) -> Verdict:
    """Decide on one target.

    Args:
        target: What the story asks for, with the entries that it has.
        settings: The project's settings.
        shape: The command's choices.
        skip: What is left out: targets with a live picture, those done by key, or none.
        history: What the project's runs say.
        retry_refused: Whether to ask again for what was refused.

    """
    first = task_for(target, settings, shape, variant=1)
    facts = Facts.of(target, first, history, rehearsal=settings.batch.backend == EMULATOR)
    finding = find(facts)
    if finding.state == "in_flight":
        return Verdict(target, first, finding.state, finding.reason, planned=False)
    task = with_variant(first, variant_of(facts, finding))
    refusal = refused(task, history)
    told = refusal if refusal and finding.state in PLANNED_BY["key"] else finding
    is_asked = finding.state in PLANNED_BY[skip] and (refusal is None or retry_refused)
    return Verdict(
        *(target, task, told.state, told.reason),
        planned=is_asked,
        differs=finding.differs,
        was=finding.was,
    )


def candidates(
    verdict: Verdict, count: int, history: History, *, retry_refused: bool = False
) -> Iterator[Verdict]:
    """Yield a verdict and, where it is planned, those on the next variants: ``count`` in all."""
    yield verdict
    first = verdict.task.variant
    for variant in range(first + 1, first + count) if verdict.planned else ():
        task = with_variant(verdict.task, variant)
        refusal = refused(task, history)
        told = refusal or verdict
        yield replace(
            verdict,
            task=task,
            state=told.state,
            reason=told.reason,
            planned=refusal is None or retry_refused,
        )


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
