from __future__ import annotations

import base64
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from chargen_batch import yaml12
from chargen_batch.errors import DocumentError, ExitCode, ResultsError
from chargen_batch.model.outcome import Picture, TaskResult
from chargen_batch.phases import writing_back
from chargen_batch.story.splice import splice_composed
from tests.phases import lines, story
from tests.phases.story import TARGETS
from tests.service.lines import PIXEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chargen_batch.story.splice import Edit
    from chargen_batch.yaml12 import Composed
    from tests.phases.world import World
    from tests.service.lines import Line

AT = "2026-11-22T08:00:00Z"
GREY = base64.b64decode(PIXEL)


def applied(world: World, **answers: Callable[[str], Line | bytes | None]) -> World:
    """Go through all phases up to apply, with these answers instead of pictures."""
    world.service.results = lines.by_target(**answers)
    return world.do_all("plan", "stage", "submit", "poll", "download", "apply")


def error_of(world: World, target: str) -> tuple[str, bool]:
    error = world.outcomes[target].error
    assert error is not None
    return error.code, error.retryable


def picture_of(world: World, target: str) -> Path:
    path = world.outcomes[target].image_path
    assert path is not None
    return world.root / path


def test_tasks_of_a_lost_job_are_dead_letters_and_the_others_are_done(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED", 1)
    world.do_all("poll", "download", "apply")
    assert world.codes() == dict.fromkeys(TARGETS[:2], "JOB_EXPIRED")
    assert (world.state.completed_tasks, world.state.failed_tasks) == (3, 2)


def test_a_vanished_target_is_a_dead_letter_with_its_picture_in_orphans(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    world.apply()
    assert world.codes() == {"fire-mouth": "TARGET_VANISHED"}
    (orphan,) = world.run.orphans_dir.glob("*/*")
    assert (orphan.name[:11], lines.without_record(orphan.read_bytes())) == ("fire-mouth-", GREY)
    assert list((world.root / "locations/old-kiln/images").glob("fire-mouth*")) == []
    assert world.read(story.KILN).count("task_key") == 1


def test_a_vanished_targets_outcome_names_its_picture(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    world.apply()
    orphan = picture_of(world, "fire-mouth")
    assert orphan.parent.name == "location-old-kiln"
    assert lines.without_record(orphan.read_bytes()) == GREY


def test_a_success_that_is_held_up_is_not_lost_to_a_later_failure(world: World) -> None:
    world.service.results = lines.twice
    world.before("apply")
    world.write("locations/old-kiln/images", b"a file where the folder should be")
    world.apply()
    (world.root / "locations/old-kiln/images").unlink()
    world.apply()
    assert (world.codes(), world.state.phase) == ({}, "completed")


def test_a_vanished_entity_leaves_its_pictures_in_orphans(world: World) -> None:
    world.before("apply")
    (world.root / story.KILN).parent.rename(world.root / "locations/.gone")
    world.apply()
    assert world.codes() == dict.fromkeys(TARGETS[2:4], "TARGET_VANISHED")
    assert len(list(world.run.orphans_dir.glob("*/*"))) == 2
    assert world.state.phase == "completed"


def test_a_broken_file_stays_and_the_others_are_done(world: World) -> None:
    world.before("apply")
    world.write(story.KILN, "zones: [\n")
    report = world.apply()
    (problem,) = report.problems
    assert (report.exit_code, report.phase) == (ExitCode.FAILED, "applying")
    assert (problem.file, problem.line) == (story.KILN, 2)
    assert world.read(story.KILN) == "zones: [\n"
    assert (report.completed, report.failed) == (3, 0)
    assert "door-opens-" in world.read(story.CHAPTER)


def test_the_next_apply_finishes_after_the_file_is_mended(world: World) -> None:
    world.before("apply")
    mended = world.read(story.KILN)
    world.write(story.KILN, "zones: [\n")
    world.apply()
    others = world.read(story.CHAPTER)
    world.write(story.KILN, mended)
    assert world.apply().exit_code is ExitCode.DONE
    assert (world.state.phase, world.state.completed_tasks) == ("completed", 5)
    assert world.read(story.KILN).count("task_key") == 2
    assert world.read(story.CHAPTER) == others


def test_a_file_that_is_saved_each_time_it_is_spliced_stays_as_it_was_saved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    before = world.read(story.KILN)

    def saved_meanwhile(raw: bytes, composed: Composed, *rest: Sequence[Edit], where: str) -> bytes:
        (world.root / where).write_bytes(raw + b"# mine\n")
        return splice_composed(raw, composed, *rest, where=where)

    monkeypatch.setattr(writing_back, "splice_composed", saved_meanwhile)
    told = {problem.message for problem in world.apply().problems}
    assert told == {"somebody saves it again and again"}
    assert world.read(story.KILN) == before + "# mine\n" * writing_back.ATTEMPTS
    monkeypatch.undo()
    assert world.apply().phase == "completed"
    assert world.read(story.KILN).count("# mine") == writing_back.ATTEMPTS


def test_a_missing_imagery_yaml_is_created(world: World) -> None:
    (world.root / story.INES).unlink()
    applied(world)
    created = yaml12.load((world.root / story.INES).read_bytes(), where=story.INES)
    assert isinstance(created, dict)
    assert (created["entity_type"], created["slug"]) == ("character", "ines")
    assert len(created["image_inventory"]) == 2


def test_a_chapters_placeholders_are_filled(world: World) -> None:
    applied(world)
    data = yaml12.load((world.root / story.CHAPTER).read_bytes(), where=story.CHAPTER)
    assert isinstance(data, dict)
    item, picture = data["images"][0], picture_of(world, "door-opens")
    assert item["file_name"] == picture.name
    assert item["file_path"] == picture.relative_to(world.root).as_posix()
    assert (item["generated_at"], item["provider"]) == ("2026-11-22T08:00:00Z", "google")
    assert item["model"] == "gemini-3-pro-image"
    key = world.outcomes["door-opens"].key
    assert item["provider_metadata"] == {"task_key": key, "run_id": world.run.run_id}


def test_edits_between_plan_and_apply_survive(world: World) -> None:
    world.before("apply")
    edited = "# mine\n" + world.read(story.INES).replace("Forty", "Fifty") + "note: kept   # so\n"
    world.write(story.INES, edited)
    world.apply()
    after = world.read(story.INES).splitlines()
    kept = [line for line in edited.splitlines() if "image_inventory" not in line]
    assert [line for line in after if line in kept] == kept
    assert world.state.completed_tasks == 5


def test_an_existing_picture_is_never_overwritten(world: World) -> None:
    world.before("apply")
    keys = {task.target_id: task.key_hash[:8] for task in world.run.tasks()}
    mine = f"locations/old-kiln/images/fire-mouth-{keys['fire-mouth']}.png"
    world.write(mine, b"my own work")
    world.apply()
    assert (world.root / mine).read_bytes() == b"my own work"
    ours = picture_of(world, "fire-mouth")
    assert lines.without_record(ours.read_bytes()) == GREY
    assert ours != world.root / mine
    assert ours.name in world.read(story.KILN)


def test_nothing_is_written_out_of_the_project(world: World) -> None:
    world.before("apply")
    outside = world.root.parent / "outside"
    outside.mkdir()
    (world.root / "locations/old-kiln/images").symlink_to(outside)
    (problem,) = world.apply().problems
    assert list(outside.iterdir()) == []
    assert (problem.file, world.codes()) == ("locations/old-kiln", {})
    (world.root / "locations/old-kiln/images").unlink()
    assert (world.apply().problems, world.state.phase) == ((), "completed")
    assert picture_of(world, "fire-mouth").parent == world.root / "locations/old-kiln/images"
    assert lines.without_record(picture_of(world, "fire-mouth").read_bytes()) == GREY


def test_a_link_out_of_the_project_is_not_written_through(world: World) -> None:
    world.before("apply")
    outside, kiln = world.root.parent / "outside.yaml", world.root / story.KILN
    kiln.rename(outside)
    kiln.symlink_to(outside)
    before = outside.read_bytes()
    (problem,) = world.apply().problems
    assert (problem.file, outside.read_bytes()) == (story.KILN, before)
    assert "leads out of the project" in problem.message


def test_a_picture_is_not_written_through_a_link(world: World) -> None:
    world.before("apply")
    keys = {task.target_id: task.key_hash[:8] for task in world.run.tasks()}
    link = world.root / f"characters/ines/images/carrying-wood-{keys['carrying-wood']}.png"
    link.symlink_to(world.root.parent / "outside.png")
    world.apply()
    assert not (world.root.parent / "outside.png").exists()
    assert lines.without_record(picture_of(world, "carrying-wood").read_bytes()) == GREY


@pytest.mark.parametrize("name", [story.KILN, story.IDEAS, story.INES])
@pytest.mark.parametrize("content", ["- a list\n", "zones: [\n", b"a: \xff\n"])
def test_nothing_has_vanished_from_a_file_that_cannot_be_read(
    world: World, name: str, content: str | bytes
) -> None:
    world.before("apply")
    world.write(name, content)
    (problem,) = world.apply().problems
    assert (problem.file, problem.line > 0) == (name, True)
    assert (world.codes(), world.run.orphans_dir.exists()) == ({}, False)


def test_a_tampered_plan_writes_nowhere_else(world: World) -> None:
    world.before("apply")
    tasks = world.run.tasks_file
    bad = tasks.read_text().replace('"outputDir":"locations/old-kiln/images"', '"outputDir":"../x"')
    tasks.write_text(bad)
    before = world.tree()
    with pytest.raises(DocumentError, match="was changed after the run was made"):
        world.apply()
    assert world.tree() == before


def test_a_tampered_ledger_moves_no_file_from_elsewhere(world: World) -> None:
    world.before("apply")
    world.write("precious.txt", b"mine")
    (task, *_) = world.run.tasks(2)
    picture = Picture(path="precious.txt", mime="image/png", sha256="", width=1, height=1)
    forged = TaskResult(
        key=task.key, stage="received", status="success", job=2, at=AT, pictures=(picture,)
    )
    world.run.add_outcomes([forged])
    shutil.rmtree(world.root / "locations/old-kiln")
    world.apply()
    assert (world.root / "precious.txt").read_bytes() == b"mine"


def test_results_that_were_cut_here_are_fetched_again(world: World) -> None:
    world.before("apply")
    results = world.run.results_file(1)
    whole = results.read_bytes()
    results.write_bytes(whole[:-9])
    with pytest.raises(ResultsError, match="is not what was downloaded") as told:
        world.apply()
    assert "chargen-batch download" in told.value.hint
    world.download()
    assert results.read_bytes() == whole
    assert world.apply().phase == "completed"


def test_a_pipe_in_a_files_place_is_a_problem(world: World) -> None:
    world.before("apply")
    (world.root / story.KILN).unlink()
    os.mkfifo(world.root / story.KILN)
    (problem,) = world.apply().problems
    assert (problem.file, problem.message) == (story.KILN, "it is not a file")


def test_a_folder_that_cannot_take_pictures_holds_up_only_itself(world: World) -> None:
    world.before("apply")
    world.write("locations/old-kiln/images", b"a file where the folder should be")
    report = world.apply()
    assert [problem.file for problem in report.problems] == ["locations/old-kiln/images"]
    assert (report.phase, report.completed) == ("applying", 3)


def test_a_mistake_in_the_image_ideas_is_no_vanished_target(world: World) -> None:
    world.before("apply")
    world.write(story.IDEAS, "scenes: {a: 1}\n")
    report = world.apply()
    assert [problem.file for problem in report.problems] == [story.INES]
    assert (report.phase, world.codes()) == ("applying", {})


def rehearsal(world: World) -> World:
    """Go through a rehearsal up to apply."""
    world.settings("backend: emulator, max_tasks_per_job: 9")
    world.service.address = story.REHEARSAL
    return world.before("apply")


def test_a_rehearsal_is_entered_only_where_somebody_said_so(world: World) -> None:
    rehearsal(world)
    before = world.tree()
    with pytest.raises(ResultsError, match="was a rehearsal") as told:
        world.apply()
    assert (told.value.exit_code, world.tree()) == (ExitCode.FAILED, before)
    assert "--yes" in told.value.hint
    assert world.apply(rehearsal_ok=True).phase == "completed"


def test_a_rehearsal_does_not_count_for_the_real_thing(world: World) -> None:
    rehearsal(world).apply(rehearsal_ok=True)
    assert 'provider: "emulator"' in world.read(story.KILN)
    assert world.plan().planned == ()
    world.settings("max_tasks_per_job: 9")
    assert len(world.plan().planned) == 5


def test_a_rehearsal_under_way_holds_nothing_of_the_real_thing(world: World) -> None:
    rehearsal(world)
    assert world.plan().planned == ()
    world.settings("max_tasks_per_job: 9")
    assert len(world.plan().planned) == 5


def test_times_in_entries_are_the_jobs_end(world: World) -> None:
    world.before("apply")
    world.clock.passes(3600)
    world.apply()
    assert world.read(story.KILN).count('created_at: "2026-11-22T08:00:00Z"') == 2
