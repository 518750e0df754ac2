"""Many analyses of one entity: its entries are gone through for all of them at once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from chargen_batch.core.task_key import keyed
from chargen_batch.model.task import BatchTask, ImageRef, TaskSource
from chargen_batch.story.answers import Answers
from chargen_batch.story.splice import splice
from chargen_batch.story.taking_out import Files
from chargen_batch.story.write_back import Finished
from chargen_batch.yaml12 import compose
from tests.analyses import IMAGE
from tests.story.builder import PNG, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.story.splice import Edit
    from chargen_batch.yaml12 import Composed

WHERE = "characters/ada/imagery.yaml"


class Counted(list[Any]):
    """A list that counts how often it is gone through."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


def read(raw: bytes) -> tuple[Composed, Counted]:
    """Read an imagery.yaml whose inventory counts."""
    composed = compose(raw, where=WHERE)
    data: Any = composed.data
    entries = Counted(data["image_inventory"])
    return dataclasses.replace(composed, data={**data, "image_inventory": entries}), entries


def story_of(project: Path, number: int) -> tuple[Answers, bytes, list[Finished]]:
    """Write so many pictures with entries; return the answers about them."""
    names = [f"p{each}.png" for each in range(number)]
    listed = "".join(f"  - id: {name}\n    path: images/{name}\n" for name in names)
    raw = f"image_inventory:\n{listed}".encode()
    write(project, {f"characters/ada/images/{name}": PNG for name in names})
    answers = Answers(project, project / "characters/ada", "r", "google")
    done = [Finished(_task(name), (), "t", json.dumps(IMAGE)) for name in names]
    return answers, raw, done


def _task(name: str) -> BatchTask:
    sha256 = hashlib.sha256(PNG).hexdigest()
    seen = ImageRef(path=f"characters/ada/images/{name}", mime="", sha256=sha256, role="image")
    return keyed(
        BatchTask(
            key="",
            kind="analyze",
            entity_type="character",
            entity_slug="ada",
            target_id=name,
            title=name,
            prompt="p",
            input_images=(seen,),
            output_dir="",
            output_file_name_hint="",
            model="m",
            source=TaskSource(file=WHERE),
        )
    )


def entered(project: Path, number: int) -> tuple[tuple[Edit, ...], int]:
    answers, raw, done = story_of(project, number)
    composed, entries = read(raw)
    return answers.write_back(composed.data, done).edits, entries.times


def test_the_entries_are_gone_through_as_often_for_many_as_for_one(tmp_path: Path) -> None:
    (one, times), (many, times_for_many) = (entered(tmp_path / str(n), n) for n in (1, 9))
    assert len(many) == 9 * len(one) > 9
    assert times_for_many == times


def taken_out(project: Path, number: int) -> tuple[bytes, bytes, int]:
    answers, raw, done = story_of(project, number)
    new = splice(raw, answers.write_back(read(raw)[0].data, done).edits, where=WHERE)
    (now, entries_now), (then, entries_then) = read(new), read(raw)
    out = answers.taken_out(Files(now, then), done)
    return splice(new, out.edits, where=WHERE), raw, entries_now.times + entries_then.times


def test_so_they_are_when_many_are_taken_out_again(tmp_path: Path) -> None:
    (_, _, times), (back, raw, times_for_many) = (taken_out(tmp_path / str(n), n) for n in (1, 9))
    assert back == raw
    assert times_for_many == times
