"""adopt: enter a picture that was made by hand or by another tool, so that its target is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch import exchange
from chargen_batch.core.pictures import BrokenPictureError, ReceivedPicture, inspect
from chargen_batch.core.states import EMULATOR, highest_variant, with_variant
from chargen_batch.errors import PlanningError, ResultsError
from chargen_batch.model.target import DEAD_STATUSES
from chargen_batch.phases import asking, given
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.entering import Adoption, AdoptReport, enter, take_away
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.telling import on_project
from chargen_batch.run import origin
from chargen_batch.story.adopted import PROVIDER
from chargen_batch.story.discover import discover
from chargen_batch.story.named import Inventories
from chargen_batch.story.references import PORTRAIT_NAMES
from chargen_batch.story.write_back import IMAGERY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.phases.entering import AdoptChoices
    from chargen_batch.phases.given import Given
    from chargen_batch.phases.plan import PlanReport
    from chargen_batch.story.discover import Story
    from chargen_batch.story.named import Named

_AS_VARIANT: Final = "enter it beside that as the next variant with --as-variant"


@on_project("adopt")
def run(
    project: Project,
    image: Path,
    name: str,
    choices: AdoptChoices,
    *,
    clock: Clock,
    tell: Tell = silent,  # noqa: ARG001 - on_project tells for it
) -> AdoptReport:
    """Copy a picture to where its target's pictures are, and enter it with the current task key.

    Killed anywhere and typed again it ends as if it had never been killed. The copy comes first,
    then the entry, and only then, if it is moved, does the file that was given go.

    Args:
        project: The project, its story under its lock unless it is a dry run.
        image: The picture, wherever it is.
        name: The target: ``[[<entityType>/]<slug>/]<targetId>``, or a glob that one fits.
        choices: How it is entered.
        clock: The time.
        tell: Who is told that it begins and ends.

    Raises:
        UsageError: There is no such file, or not one target of that name.
        ResultsError: It is no whole picture, or the target has a picture already.
        PlanningError: A file of the story is broken, or has no place for the entry.

    """
    taken = given.read(image)
    picture, provider = _whole(taken, image), _provider(project, taken, image)
    counted = asking.counting(project, rehearsal=provider == EMULATOR)
    asked = asking.asked(counted, PlanChoices(portraits=True), clock=clock)
    story = discover(project.root, project.settings)
    adoption = Adoption(
        *(project, taken, picture, choices, provider, Inventories(story)),
        used_as=_used_as(project, story, asked.verdicts).get(taken.path) if choices.move else None,
    )
    task = asking.find(name, (verdict.task for verdict in asked.verdicts))
    known = _entered_before(adoption, name, task)
    if known is not None:
        return _already(adoption, known)
    if task is None:
        raise _no_target(name, asked)
    verdict = next(each for each in asked.verdicts if each.task.key == task.key)
    _refuse_second(adoption, verdict)
    task = with_variant(task, _next_variant(adoption, verdict))
    return enter(adoption, task, at=iso(clock()))


def _whole(taken: Given, image: Path) -> ReceivedPicture:
    try:
        return ReceivedPicture(taken.data, inspect(taken.data))
    except BrokenPictureError as err:
        raise ResultsError(f"{image} is not whole: {err}", hint="save or copy it again") from err


def _provider(project: Project, taken: Given, image: Path) -> str:
    """Return who the entry says made the picture: a rehearsal's stays one, and counts as one."""
    if taken.record is None or taken.record.provider != EMULATOR:
        return PROVIDER
    if project.settings.batch.backend != EMULATOR:
        raise ResultsError(
            f"{image} is a placeholder that the emulator drew",
            hint="it never passes for a real picture; with --backend emulator it may be entered",
        )
    return EMULATOR


def _used_as(project: Project, story: Story, verdicts: Iterable[Verdict]) -> dict[Path | None, str]:
    """Return what the story takes files for, whatever its entries name, links followed."""
    found: dict[Path | None, str] = {}
    for verdict in verdicts:
        name = asking.target_name(verdict.task)
        others = {each.path: f"a picture of {name}" for each in verdict.target.others}
        shown = {each.path: f"a reference of {name}" for each in verdict.task.reference_images}
        found |= {(project.root / path).resolve(): told for path, told in (shown | others).items()}
    for entities in story.entities.values():
        portraits = (each.folder / name for each in entities for name in PORTRAIT_NAMES)
        found |= {given.resolved(path): "a reference portrait" for path in portraits}
    return found


def _entered_before(adoption: Adoption, name: str, task: BatchTask | None) -> Named | None:
    """Return the live entry of these very bytes for the target, if there is one.

    A portrait that was adopted is asked for no more: then it is found by its entry alone.
    """
    for named in adoption.inventories.adopted(adoption.given.sha256):
        target = str(named.task_key).rpartition("@")[0]
        meant = target == asking.target_name(task) if task else _means(name, named, target)
        status = str(named.entry.get("status")).casefold()
        if meant and status not in DEAD_STATUSES and adoption.inventories.picture(named):
            return named
    return None


def _means(name: str, named: Named, target: str) -> bool:
    shorter = target.partition("/")[2]
    return name in {named.task_key, target, shorter, shorter.partition("/")[2]}


def _already(adoption: Adoption, named: Named) -> AdoptReport:
    path = named.entity.folder / str(named.entry["path"])
    variant = named.value("generation", "variant")
    if not adoption.choices.dry_run:  # a killed one may have left this behind its entry
        exchange.clear_leftover(named.entity.folder / IMAGERY)
    moved = adoption.choices.move and take_away(adoption, path)
    return AdoptReport(
        target=str(named.task_key).rpartition("@")[0],
        task_key=str(named.task_key),
        variant=variant if isinstance(variant, int) else 1,
        status=str(named.entry.get("status")),
        picture=path.relative_to(adoption.project.root).as_posix(),
        sha256=adoption.given.sha256,
        file=named.file,
        entered=False,
        moved=moved,
        dry_run=adoption.choices.dry_run,
    )


def _no_target(name: str, asked: PlanReport) -> Exception:
    unknown = asking.unknown(name, (verdict.task for verdict in asked.verdicts), "the story")
    if not asked.problems:
        return unknown
    return PlanningError(
        f"{unknown.message} that could be read: its files have {len(asked.problems)} problem(s)",
        problems=asked.problems,
        hint="mend them, and type the same command again",
    )


def _refuse_second(adoption: Adoption, verdict: Verdict) -> None:
    """Refuse a target that has a picture, or is about to get one, unless a variant is asked for.

    A picture of another tool is no second one where it is this very picture.
    """
    if adoption.choices.as_variant:
        return
    name, target = asking.target_name(verdict.task), verdict.target
    if verdict.state in {"in_flight", "renamed"}:
        raise ResultsError(f"{name}: {verdict.reason}", hint=_AS_VARIANT)
    rehearsal = adoption.provider == EMULATOR
    entries = [each for each in target.entries if (each.provider == EMULATOR) == rehearsal]
    live = next((entry.task_key for entry in entries if entry.is_live), None)
    if not entries:
        others = (each.path for each in target.others if each.is_live)
        live = next((path for path in others if not _is_given(adoption, path)), None)
    if live:
        raise ResultsError(f"{name} has a picture already: {live}", hint=_AS_VARIANT)


def _is_given(adoption: Adoption, path: str) -> bool:
    return (adoption.project.root / path).resolve() == adoption.given.path


def _next_variant(adoption: Adoption, verdict: Verdict) -> int:
    """Return one more than any variant that an entry has, or a run: so no two have one key."""
    name = asking.target_name(verdict.task)
    highest = highest_variant(verdict.target.entries)
    for run, variant in origin.mentions(adoption.project.runs_dir, name):
        highest = max(highest, variant)
        if origin.is_unfinished(run):
            adoption.warnings.append(f"run {run.run_id} will draw {name} all the same")
    record = adoption.given.record
    if record and record.task_key.rpartition("@")[0] != name:
        drawn_as = record.task_key.rpartition("@")[0]
        adoption.warnings.append(f"the picture was drawn as {drawn_as}, its own bytes say")
    return highest + 1
