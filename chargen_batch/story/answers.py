"""The answers about one entity's pictures and looks, and the files that they go into."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import msgspec

from chargen_batch.model.analysis import (
    APPEARANCE_ID,
    IMAGE_SCHEMA,
    AppearanceAnalysis,
    ImageAnalysis,
)
from chargen_batch.story import analysis_back, sidecar
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.slug import authored_id
from chargen_batch.story.write_back import WriteBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chargen_batch.model.task import BatchTask
    from chargen_batch.story.splice import Edit
    from chargen_batch.story.write_back import Finished


T = TypeVar("T")


@dataclass(slots=True)
class Answers:
    """One entity's folder in a project, and whose answers come into it."""

    project: Path
    folder: Path
    run_id: str
    provider: str
    _pictures: Pictures = field(init=False)

    def __post_init__(self) -> None:
        """Look pictures up anew: they may have changed since the plan."""
        self._pictures = Pictures(self.project)

    def write_back(self, imagery: object, finished: Sequence[Finished]) -> WriteBack:
        """Return the edits that an imagery.yaml gets.

        Vanished are the tasks whose picture is not there, or not the one that was looked at.
        """
        edits: list[Edit] = []
        vanished = []
        for done in finished:
            if done.task.target_id == APPEARANCE_ID:
                answer = _decoded(done, AppearanceAnalysis)
                edits += analysis_back.appearance(imagery, answer, self.provider)
            elif (picture := self._picture(done.task)) is None:
                vanished.append(done.task)
            else:
                one = self._sidecar(done)
                before = sidecar.read(sidecar.place(self.folder / "images", one))
                described = analysis_back.Described(picture, one, before)
                edits += analysis_back.image(imagery, described, self._find)
        return WriteBack(tuple(edits), tuple(vanished))

    def sidecars(self, finished: Sequence[Finished]) -> Iterator[tuple[Path, bytes]]:
        """Yield the files beside the pictures that are there, with their contents."""
        for done in finished:
            if done.task.kind == "analyze" and done.task.target_id != APPEARANCE_ID:
                one = self._sidecar(done)
                if self._picture(done.task) is not None:
                    yield sidecar.place(self.folder / "images", one), sidecar.encoded(one)

    def _find(self, path: object) -> Path | None:
        return self._pictures.find(self.folder, path)

    def _picture(self, task: BatchTask) -> Path | None:
        found = self._find(f"images/{_name(task)}")
        seen = [image.sha256 for image in task.input_images]
        same = found and self._pictures.reference(found, "image").sha256 in seen
        return found if same else None

    def _sidecar(self, done: Finished) -> sidecar.Sidecar:
        task = done.task
        return sidecar.Sidecar(
            task_key=task.key,
            run_id=self.run_id,
            provider=self.provider,
            model=task.model,
            analyzed_at=done.at,
            image=_name(task),
            image_sha256=task.input_images[0].sha256 if task.input_images else "",
            schema=task.response_schema_version or IMAGE_SCHEMA,
            analysis=_decoded(done, ImageAnalysis),
        )


def _name(task: BatchTask) -> str:
    """Return the name of the file that a task looked at; its id is that name, normalised."""
    names = (PurePosixPath(image.path).name for image in task.input_images)
    name = next((name for name in names if authored_id(name) == task.target_id), task.target_id)
    return PurePosixPath(name).name


def _decoded(done: Finished, answer: type[T]) -> T:
    return msgspec.json.decode(done.analysis_json or "{}", type=answer)
