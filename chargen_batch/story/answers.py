"""The answers about one entity's pictures and looks, and the files that they go into."""

from __future__ import annotations

import os
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
from chargen_batch.story import analysis_back, analysis_out, sidecar
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.slug import authored_id
from chargen_batch.story.taking_out import TakenOut
from chargen_batch.story.write_back import WriteBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.model.task import BatchTask
    from chargen_batch.story.analysis_back import Placed
    from chargen_batch.story.splice import Edit
    from chargen_batch.story.taking_out import Files
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
        vanished, entered = [], []
        there = analysis_back.by_picture(imagery, self._find)
        for done in finished:
            if done.task.target_id != APPEARANCE_ID and self._picture(done.task) is None:
                vanished.append(done.task)
                continue
            now = self._edits(imagery, there, done)
            edits += now
            if now or any(True for _ in self.sidecars([done])):
                entered.append(done.task)
        return WriteBack(tuple(edits), tuple(vanished), tuple(entered))

    def _edits(
        self, imagery: object, there: Mapping[Path | None, Placed], done: Finished
    ) -> tuple[Edit, ...]:
        if done.task.target_id == APPEARANCE_ID:
            answer = _decoded(done, AppearanceAnalysis)
            return analysis_back.appearance(imagery, answer, self.provider)
        one, picture = self._sidecar(done), self._picture(done.task)
        before = sidecar.read(sidecar.place(self.folder / "images", one))
        entry = there.get(picture)
        if done.again and entry:
            return ()
        return analysis_back.image(entry, analysis_back.Described(one, before))

    def sidecars(self, finished: Sequence[Finished]) -> Iterator[tuple[Path, bytes]]:
        """Yield the files beside the pictures that are there, with their contents."""
        for done in finished:
            if done.task.kind == "analyze" and done.task.target_id != APPEARANCE_ID:
                one = self._sidecar(done)
                is_there = done.again and any(map(os.path.lexists, self._sidecar_places(one)))
                if not is_there and self._picture(done.task) is not None:
                    yield sidecar.place(self.folder / "images", one), sidecar.encoded(one)

    def taken_out(self, files: Files, finished: Sequence[Finished]) -> TakenOut:
        """Return the edits that take answers out of an imagery.yaml again."""
        edits: list[Edit] = []
        left: dict[str, str] = {}
        described = analysis_out.Described.of(files)
        for done in finished:
            if done.task.target_id == APPEARANCE_ID:
                answer = _decoded(done, AppearanceAnalysis).appearance
                found = analysis_out.appearance(files, answer, self.provider)
            elif any(self._is_rewritten(place, done) for place in self._own_places(done)):
                found = "its .analysis.json was changed"
            else:
                found = analysis_out.image(described, self._sidecar(done))
            if isinstance(found, str):
                left[done.task.key] = found
            else:
                edits += found
        return TakenOut(tuple(edits), left)

    def own_sidecars(self, finished: Sequence[Finished]) -> Iterator[Path]:
        """Yield the files beside pictures that are as they were written for these tasks."""
        for done in finished:
            for place in self._own_places(done):
                if not self._is_rewritten(place, done):
                    yield place

    def _own_places(self, done: Finished) -> Iterator[Path]:
        """Yield where a file beside a picture says that it is this run's."""
        if done.task.target_id == APPEARANCE_ID:
            return
        for place in self._sidecar_places(self._sidecar(done)):
            there = None if place.is_symlink() else sidecar.read(place)
            if there and (there.task_key, there.run_id) == (done.task.key, self.run_id):
                yield place

    def _is_rewritten(self, place: Path, done: Finished) -> bool:
        return place.read_bytes() != sidecar.encoded(self._sidecar(done))

    def _sidecar_places(self, one: sidecar.Sidecar) -> tuple[Path, ...]:
        return sidecar.places(self.folder / "images", one)

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
