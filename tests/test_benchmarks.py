"""The inputs and the arithmetic of the measurements; what they measure is not timed here."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from benchmarks import (
    apply_rows,
    report_rows,
    scale_rows,
    scale_vertex_rows,
    service_rows,
    start_rows,
    stories,
)
from benchmarks.counted_storage import counted_storage
from benchmarks.services import served
from benchmarks.side_by_side import Row, Side, Times, measured, ratios
from chargen_batch.core.pictures import inspect
from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import scan
from tests.story.builder import FACTS

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = 60


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stories, "CACHE", tmp_path)
    return tmp_path


def texts(story: Path) -> list[bytes]:
    return [path.read_bytes() for path in stories.yaml_files(story)]


def test_a_story_has_the_targets_that_it_was_asked_for_and_no_mistake(cache: Path) -> None:
    found = scan(stories.story(TARGETS), Settings(), facts=FACTS)
    assert found.problems == ()
    assert TARGETS <= len(found.targets) < TARGETS + 60
    assert {target.entity_type for target in found.targets} == {"character", "location", "chapter"}
    assert list(cache.iterdir()) == [cache / f"story-{stories.VERSION}-{TARGETS}"]


@pytest.mark.usefixtures("cache")
def test_a_story_comes_out_the_same_each_time() -> None:
    first = texts(stories.story(TARGETS))
    random.seed(1)
    stories.story(TARGETS).rename(stories.CACHE / "aside")
    assert texts(stories.story(TARGETS)) == first


@pytest.mark.usefixtures("cache")
def test_a_copy_leaves_what_was_planned_behind() -> None:
    story = stories.story(TARGETS)
    (story / ".chargen").mkdir()
    copy = stories.copy_of(story)
    assert texts(copy) == texts(story)
    assert not (copy / ".chargen").exists()


def test_sides_are_run_in_turns_and_tell_their_own_time() -> None:
    turns: list[str] = []
    tells = (sys.executable, "-c", "print('{\"inner_s\": 0.25}')")
    sides = [Side(name, tells, lambda name=name: turns.append(name)) for name in "ab"]  # type: ignore[misc]
    taken = measured(sides, 2)
    assert turns == ["a", "b", "a", "b"]
    assert taken["a"].inner_s == [0.25, 0.25]
    assert all(peak > 1 for peak in taken["b"].peak_mb)


def test_a_side_that_fails_is_said_with_what_it_printed() -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nno"):
        measured([Side("a", (sys.executable, "-c", "print('no'); exit(3)"))], 1)


def test_stage_is_measured_at_a_service_that_answers_late(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_rows, "UPLOADS", 3)
    (row,) = service_rows.stage(1)
    assert (row.bar, row.at_least, len(row.figures)) == (4, True, 1)
    log = (cache / "stage" / "service" / "requests.ndjson").read_text("utf-8")
    assert log.count('"files.upload.chunk"') == 2 * (3 + 1)


def test_download_is_measured_on_a_file_that_comes_whole(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_rows, "LINES", 5)
    monkeypatch.setattr(service_rows, "LINE_BYTES", 2_000)
    rate, peak = service_rows.download(1)
    assert (rate.bar, rate.at_least, peak.bar) == (0.8, True, 100)
    # No less: a child counts what its parent held when it was made, here all of these tests.
    assert 10 < peak.peak_mb["plain httpx"] <= peak.figure
    assert list(cache.iterdir()) == []


def test_apply_is_measured_on_pictures_that_all_come_into_the_story(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_rows, "LINES", 5)
    monkeypatch.setattr(apply_rows, "MORE_LINES", 7)
    monkeypatch.setattr(apply_rows, "PICTURE_BYTES", 2_000)
    faster, rate, peak = apply_rows.apply(2)
    assert (faster.bar, faster.at_least, len(faster.figures)) == (4, True, 2)
    assert (rate.bar, rate.at_least, peak.bar) == (0.5, True, 150)
    assert peak.peak_mb["the cookbook's way"] > 10
    (more,) = apply_rows.apply_2gb(1)
    assert (more.bar, more.at_least, len(more.figures)) == (150, False, 1)
    assert list(cache.iterdir()) == []


def test_a_picture_of_noise_is_whole_and_another_one_each_time() -> None:
    pictures = [apply_rows.picture(number) for number in range(3)]
    assert {inspect(picture).mime for picture in pictures} == {"image/png"}
    assert len(set(pictures)) == 3


def test_the_file_service_gives_the_file_from_a_byte_on(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    with served("file", str(file)) as address:
        whole = httpx.get(f"{address}/x:download")
        rest = httpx.get(f"{address}/x:download", headers={"Range": "bytes=4-"})
        other = httpx.get(f"{address}/x")
    assert (whole.content, rest.content) == (b"0123456789", b"456789")
    assert (whole.status_code, rest.status_code, other.status_code) == (200, 206, 404)
    assert rest.headers["Content-Range"] == "bytes 4-9/10"


def test_vertex_is_measured_with_its_calls_by_phase(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIZES", "30,60")
    monkeypatch.setattr(scale_vertex_rows, "PHASES", (scale_rows.PLAN, ("stage",), ("submit",)))
    monkeypatch.setattr(scale_vertex_rows, "SETTLED_S", 0)
    rows = {row.what: row for row in scale_vertex_rows.scale_vertex(1)}
    assert len(rows["submit: exponents of processor time"].figures) == 1
    assert "plan --changed --skip-invalid: exponents of calls" not in rows
    staged = rows["stage: exponents of calls"].told["60"]
    assert staged["calls"]["objects.insert"] == staged["calls"]["objects.get"] > 1  # type: ignore[index]
    submitted = rows["submit: exponents of calls"].told["60"]
    assert submitted["calls"]["batches.create"] == 1  # type: ignore[index]
    assert sorted(path.name for path in cache.iterdir()) == ["copies", "story-1-30", "story-1-60"]


def test_growth_goes_by_the_sizes_and_a_size_alone_has_none() -> None:
    plan = " ".join(scale_rows.PLAN)
    taken = {10: {plan: scale_rows.Taken(1.0, 1.0, 50.0, 3)}}
    assert [row.figure for row in scale_rows.growth(taken)] == [0.05]
    taken[1_000] = {plan: scale_rows.Taken(2.0, 100.0, 500.0, 3)}
    assert [row.figure for row in scale_rows.growth(taken)] == pytest.approx([1.0, 0.5, 0.5])


def test_a_storage_of_its_own_tells_what_it_was_asked_since_the_last_time(tmp_path: Path) -> None:
    where = "storage/v1/b/stories/o"
    with counted_storage(tmp_path) as bucket:
        upload = f"{bucket.base_url}/upload/{where}?uploadType=media&name=a"
        httpx.post(upload, content=b"0123456789").raise_for_status()
        httpx.get(f"{bucket.direct_url}/{where}/a").raise_for_status()
        assert bucket.counted() == {"objects.insert": 1, "bytes sent": 10}
        ranged = {"Range": "bytes=2-5"}
        part = httpx.get(f"{bucket.base_url}/{where}/a?alt=media", headers=ranged)
        assert part.content == b"2345"
        told = bucket.counted()
    assert told == {"objects.download": 1, "bytes sent": 0, "bytes fetched": 4}


def test_a_row_compares_the_two_sides_of_each_round() -> None:
    taken = {
        "a": Times([1.0, 4.0, 9.0], [1.0, 1.0, 1.0], [10.0, 20.0, 5.0], [3.0, 3.0, 4.0]),
        "b": Times([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [1.0, 1.0, 1.0], [1.0, 2.0, 2.0]),
    }
    whole, inner = ratios("a / b", taken, "a", "b", bar=1.5)
    assert (whole.figure, whole.holds, whole.peak_mb) == (2.0, False, {"a": 20.0, "b": 1.0})
    assert (inner.figure, inner.holds) == (0.5, True)
    assert whole.as_json()["processor"] == 2.0
    assert Row("splice", (25.0,), 20, at_least=True).as_json()["holds"]


def test_the_run_that_is_reported_has_a_picture_for_every_task(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(report_rows, "FEW", 20)
    monkeypatch.setattr(report_rows, "MANY", 2_001)
    rows = list(report_rows.report(1))
    folder = cache / "reported-2001" / ".chargen" / "batch" / report_rows.RUN_ID
    pages = [path.read_text("utf-8") for path in sorted(folder.glob("report-*.html"))]
    assert [page.count("<article") for page in pages] == [2_000, 1]
    assert "2,001 of 2,001 drawn" in (folder / "report.html").read_text("utf-8")
    assert len(rows) == 2


def test_starts_are_measured_with_what_they_import(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(start_rows, "IDLE", {"status": ()})
    monkeypatch.setattr(start_rows, "HEAVIEST", 1_000)  # which are the heaviest is a matter of luck
    rows = {row.what: row for row in start_rows.start(1)}
    assert [row.bar for name, row in rows.items() if name.startswith("status /")] == [1.6]
    told = rows["imports of plan / of a Typer application"].as_json()
    assert {"chargen_batch", "typer"} <= set(told["heaviest_s"])  # type: ignore[call-overload]
    assert (cache / "idle-10").is_dir()


@pytest.mark.usefixtures("cache")
def test_commands_with_nothing_to_do_are_measured_on_few_tasks_and_on_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start_rows, "IDLE", {"report": (), "poll": ("--run", report_rows.RUN_ID)})
    monkeypatch.setattr(start_rows, "MANY", 30)
    rows = list(start_rows.idle(1))
    assert [(row.bar, row.at_least, len(row.figures)) for row in rows] == [(1.1, False, 4)] * 2
