"""What one imagery.yaml gets: looked up once, however many pictures are entered."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from unittest import mock

from chargen_batch.story import locate
from chargen_batch.story.splice import Append
from chargen_batch.story.write_back import Finished, write_back
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.story.write_back import WriteBack

SLUGS = tuple(f"zone-{number}" for number in range(30))
KILN = {"zones": [{"slug": slug, "description": f"The {slug}.", "images": []} for slug in SLUGS]}


def finished(*targets: str) -> list[Finished]:
    return [
        Finished(
            samples.task(entity_type="location", entity_slug="kiln", target_id=target),
            (samples.PICTURE,),
            samples.LATER,
        )
        for target in targets
    ]


def entered(*targets: str) -> WriteBack:
    return write_back(
        KILN,
        KILN,
        finished(*targets),
        run_id=samples.RUN_ID,
        provider="google",
        images_in_story=PurePosixPath("locations/kiln/images"),
    )


def test_targets_of_a_file_are_found_once_for_all_its_tasks() -> None:
    with mock.patch.object(locate, "find_targets", wraps=locate.find_targets) as find:
        back = entered(*SLUGS, "gone")
    assert find.call_count == 1
    appended = [edit for edit in back.edits if isinstance(edit, Append)]
    assert [edit.path for edit in appended] == [("zones", number) for number in range(30)]
    assert [task.target_id for task in back.vanished] == ["gone"]


def test_nothing_finished_enters_nothing() -> None:
    assert entered().edits == ()
