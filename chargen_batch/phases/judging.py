"""What a plan looks at of the story, and what it decides on each target there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.config import model_facts
from chargen_batch.core import planning, selection
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import PlanningError
from chargen_batch.phases.telling import Tally
from chargen_batch.run import history
from chargen_batch.story.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.history import History
    from chargen_batch.model.target import Target
    from chargen_batch.phases.effects import Tell
    from chargen_batch.phases.plan_choices import PlanChoices
    from chargen_batch.story.cache import StoryCache
    from chargen_batch.story.scan import Seen, StoryScan


def scanned(project: Project, choices: PlanChoices, cache: StoryCache, tell: Tell) -> StoryScan:
    """Look at the part of the story that a plan is asked for.

    Raises:
        PlanningError: Its files have problems.

    """
    read = Tally(tell, None, "planning", "entities", None)

    def seen(slug: str, number: int, of: int) -> None:
        read.reach(number, slug, total=of)

    found = _looked_at(project, choices, cache, seen)
    if found.problems and not choices.skip_invalid:
        raise PlanningError(
            f"the story's files have {len(found.problems)} problem(s)",
            problems=found.problems,
            hint="mend them, or plan the rest with --skip-invalid",
        )
    return found


def _looked_at(project: Project, choices: PlanChoices, cache: StoryCache, seen: Seen) -> StoryScan:
    if choices.mode == "analyze":
        from chargen_batch.story.analysis import scan_analysis  # noqa: PLC0415 - for this mode only

        return scan_analysis(
            project.root,
            project.settings,
            scope=choices.scope,
            only=choices.only,
            cache=cache,
            seen=seen,
        )
    facts = model_facts(project.settings, model_of(project, choices))
    return scan(
        project.root,
        project.settings,
        facts=facts,
        scope=choices.scope,
        only=choices.only,
        cache=cache,
        prompt_mode=choices.prompt_mode,
        portraits=choices.portraits,
        seen=seen,
    )


def model_of(project: Project, choices: PlanChoices) -> str:
    """Return the model that a plan's requests go to."""
    models = project.settings.models
    return choices.model or (models.analyze if choices.mode == "analyze" else models.generate)


def history_of(project: Project, choices: PlanChoices) -> History:
    """Read what the project's runs say of its targets."""
    rehearsal = project.settings.batch.backend == EMULATOR
    return history.read(project.runs_dir, project.root, rehearsal=rehearsal, kind=choices.mode)


def judged(
    project: Project, choices: PlanChoices, found: StoryScan, past: History
) -> Iterator[Verdict]:
    """Decide on each target that a plan is asked for."""
    model = model_of(project, choices)
    facts = model_facts(project.settings, model)
    shape = planning.Shape(model, facts, choices.aspect_ratio, choices.image_size)
    chosen = selection.Filter(choices.target, choices.image_type)
    retry = choices.retry_refused
    for target in filter(chosen.lets_through, found.targets):
        verdict = _verdict(project, choices, shape, target, past)
        yield from planning.candidates(verdict, choices.variants, past, retry_refused=retry)


def _verdict(
    project: Project, choices: PlanChoices, shape: planning.Shape, target: Target, past: History
) -> Verdict:
    settings, skip, retry = project.settings, choices.skip, choices.retry_refused
    if choices.mode == "analyze":
        from chargen_batch.core import analysis_tasks as tasks  # noqa: PLC0415 - the same

        task = tasks.analysis_task(target, settings, shape.model, shape.facts)
        return tasks.judge_analysis(target, task, skip=skip, history=past, retry_refused=retry)
    return planning.judge(target, settings, shape, skip=skip, history=past, retry_refused=retry)
