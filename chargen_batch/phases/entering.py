"""adopt's work: the copy of the picture, its entry, and then the given file's end."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core.picture_checks import differences
from chargen_batch.errors import ExitCode, PlanningError, ResultsError
from chargen_batch.model.outcome import Picture
from chargen_batch.phases import asking
from chargen_batch.phases.picture_writing import Signed, picture_path
from chargen_batch.phases.writing_back import Writer, entity_places
from chargen_batch.story.adopted import Adopted
from chargen_batch.story.write_back import IMAGERY, Finished

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.core.pictures import ReceivedPicture
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.given import Given
    from chargen_batch.phases.writing_back import Written
    from chargen_batch.story.adopted import Status
    from chargen_batch.story.named import Inventories


@dataclass(frozen=True, slots=True)
class AdoptChoices:
    """How a picture is entered; ``as_variant`` beside one that the target has already."""

    status: Status = "draft"
    as_variant: bool = False
    move: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class AdoptReport:
    """Which target a picture stands for now, and where; ``entered`` unless it did so before.

    ``picture`` and ``file`` are relative to the project.
    """

    target: str
    task_key: str
    variant: int
    status: str
    picture: str
    sha256: str
    file: str
    entered: bool
    moved: bool = False
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE

    @property
    def run_id(self) -> str | None:
        """Return no run: none is made of a picture that is there."""
        return None


@dataclass(frozen=True, slots=True)
class Adoption:
    """A whole picture, the target that it is to stand for, and what is known of both.

    ``used_as`` says what the story takes the given file for, beside what its entries name.
    """

    project: Project
    given: Given
    picture: ReceivedPicture
    choices: AdoptChoices
    provider: str
    inventories: Inventories
    used_as: str | None = None
    warnings: list[str] = field(default_factory=list)


def enter(adoption: Adoption, task: BatchTask, *, at: str) -> AdoptReport:
    """Enter a picture for a task; what was done of that before is found and left as it is.

    Raises:
        PlanningError: A file of the story is broken, or has no place for the entry.
        ResultsError: The picture is to be moved, and is that of another entry.

    """
    project, taken = adoption.project, adoption.given
    writer = Writer(project, entity_places(project), run_id="", provider=adoption.provider)
    folder = writer.places.of(task)
    if folder is None:
        raise _cannot(writer.write([Finished(task, (), at)]), task)
    facts = adoption.picture.facts
    signed = Signed((taken.data,), facts, taken.sha256)  # as it is: another made it
    path = picture_path(folder / "images", task, signed, 1)
    where = path.relative_to(project.root).as_posix()
    adoption.warnings.extend(differences(facts, task.aspect_ratio, None))
    picture = Picture(
        path=where, mime=facts.mime, sha256=taken.sha256, width=facts.width, height=facts.height
    )
    adopted = Adopted(taken.path.name, adoption.choices.status)
    finished = [Finished(task, (picture,), at, adopted=adopted)]
    report = AdoptReport(
        target=asking.target_name(task),
        task_key=task.key,
        variant=task.variant,
        status=adopted.status,
        picture=where,
        sha256=taken.sha256,
        file=(folder / IMAGERY).relative_to(project.root).as_posix(),
        entered=True,
        dry_run=adoption.choices.dry_run,
        warnings=tuple(adoption.warnings),
    )
    if adoption.choices.move:
        _check_movable(adoption, path)
    _check(writer.write(finished, dry=True), task)
    if adoption.choices.dry_run:
        return report
    disk.make_directory(path.parent)
    if not path.exists():
        disk.replace(path, taken.data)
    _check(writer.write(finished), task)
    moved = adoption.choices.move and take_away(adoption, path)
    return dataclasses.replace(report, moved=moved)


def _check(written: Written, task: BatchTask) -> None:
    if task not in written.settled:
        raise _cannot(written, task)


def _cannot(written: Written, task: BatchTask) -> PlanningError:
    """Return why an entry cannot be written: the file is broken, or has just lost the target."""
    problems = (written.problem,) if written.problem else ()
    return PlanningError(
        f"{asking.target_name(task)} cannot be entered into its file"
        + ("" if problems else ": it is not in the story any more"),
        problems=problems,
        hint="mend that, and type the same command again",
    )


def _check_movable(adoption: Adoption, path: Path) -> None:
    """Refuse to take away a picture that the story uses: without it, another would be paid for."""
    if adoption.given.path == path.resolve():
        return
    named, used_as = adoption.inventories.at(adoption.given.path), adoption.used_as
    if named:
        used_as = f"the picture of an entry: {named.file}:{named.line}"
    if used_as:
        hint = "leave out --move, and it is copied"
        raise ResultsError(f"{adoption.given.path} is {used_as}", hint=hint)


def take_away(adoption: Adoption, path: Path) -> bool:
    """Remove the file that was given, now that its bytes are where they belong."""
    if adoption.choices.dry_run or adoption.given.path == path.resolve():
        return False
    _check_movable(adoption, path)
    with contextlib.suppress(FileNotFoundError):
        adoption.given.path.unlink()
    return True
