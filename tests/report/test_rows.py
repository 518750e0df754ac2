from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec
import pytest

from chargen_batch.report.rows import anchor, is_wide, links, row, rows
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.model.outcome import TaskResult

PROJECT: Final = Path("/srv/story")
FOLDER: Final = PROJECT / ".chargen" / "batch" / samples.RUN_ID
LINK: Final = links(PROJECT, FOLDER)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (None, "open", ("", "")),
        (samples.success(stage="received"), "received", ("", "")),
        (samples.success(), "done", ("", "")),
        (samples.success(stage="reverted"), "reverted", ("", "")),
        (samples.failure(), "failed", ("BLOCKED_SAFETY", "the prompt was blocked")),
    ],
)
def test_row_says_what_became_of_the_task(
    outcome: TaskResult | None, state: str, reason: tuple[str, str]
) -> None:
    shown = row(samples.task(), outcome, LINK)
    assert (shown.state, (shown.code, shown.reason)) == (state, reason)


def test_links_are_relative_to_the_page_and_quoted() -> None:
    picture = msgspec.structs.replace(samples.PICTURE, path='a dir/q"#?é:1.png')
    reference = msgspec.structs.replace(samples.PORTRAIT, path="javascript:alert(1)")
    task = samples.task(reference_images=(reference,))
    shown = row(task, samples.success(pictures=(picture,)), LINK)
    assert shown.pictures[0].link == "../../../a%20dir/q%22%23%3F%C3%A9%3A1.png"
    assert shown.references[0].link == "../../../javascript%3Aalert%281%29"


def test_links_lead_to_the_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "r1"
    folder.mkdir(parents=True)
    picture = msgspec.structs.replace(samples.PICTURE, path="a b.png")
    (tmp_path / "a b.png").touch()
    task = samples.task()
    outcomes = {task.key: samples.success(pictures=(picture,))}
    (shown,) = rows([task], outcomes, links(tmp_path, folder))
    assert (folder / unquote(shown.pictures[0].link)).exists()


def test_picture_that_was_taken_out_again_is_not_shown() -> None:
    assert row(samples.task(), samples.success(stage="reverted"), LINK).pictures == ()


def test_row_has_one_place_on_the_page_that_its_key_alone_decides() -> None:
    shown = row(samples.task(), None, LINK)
    assert shown.anchor == anchor(shown.key)
    assert shown.anchor != row(samples.task(target_id="other"), None, LINK).anchor


def test_target_without_a_title_is_called_by_its_id() -> None:
    assert row(samples.task(title=""), None, LINK).title == "portrait"


@pytest.mark.parametrize(
    ("ratio", "wide"), [("16:9", True), ("3:4", False), ("1:1", False), (None, False), ("", False)]
)
def test_ratio_says_whether_a_picture_is_wide(ratio: str | None, wide: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_wide(ratio) is wide
