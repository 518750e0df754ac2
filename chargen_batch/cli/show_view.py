"""What show prints of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.cli.plan_view import money
from chargen_batch.cli.terminal import aside, print_json, put
from chargen_batch.core.prompt_diff import word_diff
from chargen_batch.errors import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.cli.options import Common
    from chargen_batch.model.target import PromptSection
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.show import ShowReport

# Where a section comes from that is not in the target's own file: a setting, or the story's files.
_SETTINGS: Final = {
    "style": "style.base",
    "style of the scenario": "style.scenarios",
    "style of the mood": "style.moods",
}
_FILES: Final = {
    "appearance": "imagery.yaml: appearance",
    "character": "the character's name",
    "characters": "the characters' own files",
    "place": "the location's name",
}


def show_task(report: ShowReport, common: Common, *, origins: Mapping[str, str]) -> None:
    """Print a task: sections with their sources, the prompt, the references; or all as JSON.

    Args:
        report: The task.
        common: Whether it is printed as JSON.
        origins: Where each setting came from that is not a default.

    """
    if common.json:
        from chargen_batch.cli.documents.story import show_document

        print_json(show_document(report))
        return
    for line in _lines(report, origins):
        put(line)
    if report.is_outdated:
        aside(f"warning: the story asks for another prompt now than run {report.run_id} has")


def _lines(report: ShowReport, origins: Mapping[str, str]) -> Iterator[str]:
    """Yield what would be sent, and behind it what a run has where that is something else."""
    if report.now is None:
        where = f"in run {report.run_id}" if report.run_id else "as it would be planned now"
        yield from _task_lines(report, report.task, where, origins)
        return
    yield from _task_lines(report, report.now, "as it would be sent now", origins)
    yield from _run_lines(report.task, report.now, str(report.run_id))


def _task_lines(
    report: ShowReport, task: BatchTask, where: str, origins: Mapping[str, str]
) -> Iterator[str]:
    yield task.key
    yield f"  {where}"
    if report.verdict:
        yield f"  {report.verdict.state}: {report.verdict.reason}"
    yield f"  {_shape(task)}, {money(task.estimate.cost_usd)} by batch"
    place = dotted(task.source.yaml_path)
    yield f"  {task.source.file}" + (f"  [{place}]" if place else "")
    yield from _section_lines(report, origins)
    yield "\nprompt"
    yield from _indented(task.prompt)
    yield from _reference_lines(task)


def _run_lines(task: BatchTask, now: BatchTask, run_id: str) -> Iterator[str]:
    """Yield what a run has; its prompt where that is another one, and what changed since."""
    yield f"\nas run {run_id} has it"
    yield f"  {task.key}"
    yield f"  {_shape(task)}"
    if task.prompt == now.prompt:
        yield "  the same prompt"
    else:
        yield f"\nprompt of run {run_id}"
        yield from _indented(task.prompt)
        yield "\nwhat changed: [-taken out since-], {+put in since+}"
        yield from _indented(word_diff(task.prompt, now.prompt) or "white space alone")
    if task.images != now.images:
        yield from _reference_lines(task, f" of run {run_id}")


def _reference_lines(task: BatchTask, whose: str = "") -> Iterator[str]:
    if task.images or whose:
        yield f"\nreferences{whose}"
        yield from (f"  {image.role}: {image.path}" for image in task.images)
        if not task.images:
            yield "  none"


def _shape(task: BatchTask) -> str:
    return ", ".join(filter(None, (task.model, task.aspect_ratio, task.image_size)))


def _section_lines(report: ShowReport, origins: Mapping[str, str]) -> Iterator[str]:
    target = report.verdict.target if report.verdict else None
    if target and target.sections:
        yield "\nsections"
        for section in target.sections:
            source = _source(section, origins)
            left = ", over the budget: left out" if section.dropped else ""
            yield f"  {section.priority} {section.name}  [{source}]{left}"
            yield from _indented(section.text, "      ")


def _source(section: PromptSection, origins: Mapping[str, str]) -> str:
    if section.path is not None:
        return dotted(section.path)
    if name := _SETTINGS.get(section.name):
        return f"{origins.get(name, 'settings')}: {name}"
    return _FILES.get(section.name, "from elsewhere")


def _indented(text: str, by: str = "  ") -> Iterator[str]:
    return (f"{by}{line}".rstrip() for line in text.split("\n"))
