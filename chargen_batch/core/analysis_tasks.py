"""What plan decides in analysis mode: the task that a target becomes, and whether it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import cost
from chargen_batch.core.analysis import JSON, schema_text
from chargen_batch.core.planning import Verdict
from chargen_batch.core.states import refused, with_variant
from chargen_batch.core.task_key import keyed, normalized
from chargen_batch.model.analysis import APPEARANCE_ID, APPEARANCE_SCHEMA, IMAGE_SCHEMA
from chargen_batch.model.history import name_of
from chargen_batch.model.task import BatchTask, TaskSource

if TYPE_CHECKING:
    from chargen_batch.model.history import History
    from chargen_batch.model.plan import SkipBy
    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.model.target import Target


def judge_analysis(
    target: Target,
    task: BatchTask,
    *,
    skip: SkipBy,
    retry_refused: bool,
    history: History,
) -> Verdict:
    """Decide on one target of analysis that the story has no answer for.

    Args:
        target: What is to be analysed.
        task: The task that analyses it.
        skip: With ``none`` what a run has answered is asked again, as the next variant.
        retry_refused: Whether what the service refused is asked again.
        history: What the project's runs say.

    """
    name = name_of(target)
    if holder := history.in_flight.get(name):
        return Verdict(target, task, "in_flight", f"run {holder} holds it", planned=False)
    if refusal := refused(task, history):
        return Verdict(target, task, refusal.state, refusal.reason, planned=retry_refused)
    answered = history.drawn.get(name)
    if answered and answered.key == with_variant(task, answered.variant).key:
        again = with_variant(task, history.highest.get(name, answered.variant) + 1)
        reason = f"run {answered.run_id} has its answer"
        return Verdict(target, again if skip == "none" else task, "done", reason, skip == "none")
    return Verdict(target, task, "new", "the story does not describe it", planned=True)


def analysis_task(target: Target, settings: Settings, model: str, facts: ModelFacts) -> BatchTask:
    """Return the task that analyses a target; its ``references`` are what the request shows."""
    version = APPEARANCE_SCHEMA if target.target_id == APPEARANCE_ID else IMAGE_SCHEMA
    prompt = normalized(target.prompt)
    return keyed(
        BatchTask(
            key="",
            kind="analyze",
            entity_type=target.entity_type,
            entity_slug=target.entity_slug,
            target_id=target.target_id,
            title=target.title,
            description=target.description,
            prompt=prompt,
            input_images=target.references,
            output_dir=target.output_dir,
            output_file_name_hint=target.output_stem,
            model=model,
            safety=settings.safety,
            response_mime_type=JSON,
            response_schema_version=version,
            source=TaskSource(file=target.file, yaml_path=target.yaml_path),
            estimate=cost.analysis(
                prompt + schema_text(version), images=len(target.references), facts=facts
            ),
        )
    )
