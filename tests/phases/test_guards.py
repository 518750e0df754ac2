"""How often things are done, by task, file, job and content: a slip is caught without a clock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import StagingError
from tests.phases.counting import counting
from tests.phases.story import CHAPTER, IDEAS, INES, KILN, PORTRAIT
from tests.service.lines import refusal

if TYPE_CHECKING:
    from tests.phases.counting import Counts
    from tests.phases.world import World

TOMAS: Final = "characters/tomas/images/portrait.png"
YAML: Final = (IDEAS, INES, KILN, CHAPTER)
ONCE_EACH: Final = dict.fromkeys(YAML, 1)
# Each file as it is, and each that is written to as it will be.
BEFORE_AND_AFTER: Final = {IDEAS: 1, INES: 2, KILN: 2, CHAPTER: 2}
SIZES: Final = pytest.mark.parametrize("count", [20, 200])
RECEIVED_AT_ONCE: Final = 64


def crowd(world: World, count: int, *, a_job: int = 1000) -> World:
    """Ask for many pictures of Ines, each with her portrait, three more than that in all."""
    scenes = "".join(f"  - {{title: Bowl {number}, scene: A bowl.}}\n" for number in range(count))
    world.write(IDEAS, f"character: {{name: Ines, summary: a potter}}\nscenes:\n{scenes}")
    world.settings(f"max_tasks_per_job: {a_job}, max_enqueued_tokens: 1000000000")
    return world


def counted(world: World, command: str) -> Counts:
    world.service.calls.clear()
    with counting(world.root) as counts:
        world.do(command)
    return counts


def calls(world: World) -> dict[str, int]:
    return dict(Counter(call[0] for call in world.service.calls))


def test_a_plan_parses_each_file_and_hashes_each_picture_once(world: World) -> None:
    counts = counted(crowd(world, 20), "plan")
    assert counts.parsed == ONCE_EACH
    assert counts.hashes(PORTRAIT, TOMAS) == [1, 1]


def test_a_plan_of_what_has_not_changed_parses_nothing(world: World) -> None:
    counts = counted(crowd(world, 20).do_all("plan"), "plan")
    assert counts.parsed == {}
    assert [counts.opened[name] for name in YAML] == [1] * 4  # just written, they are hashed


@SIZES
def test_stage_parses_hashes_and_uploads_each_thing_once(world: World, count: int) -> None:
    counts = counted(crowd(world, count).do_all("plan"), "stage")
    assert counts.parsed == BEFORE_AND_AFTER
    assert counts.hashes(PORTRAIT, TOMAS) == [1, 1]
    assert [counts.opened[name] for name in (PORTRAIT, TOMAS, *YAML)] == [1] * 6
    assert calls(world) == {"list_files": 1, "list_jobs": 1, "upload": 2 + 1}


def test_a_stage_that_goes_on_uploads_what_is_missing_alone(world: World) -> None:
    crowd(world, 20).do_all("plan")
    world.service.fail("upload", refusal(400, "INVALID_ARGUMENT", "not this one"))
    with pytest.raises(StagingError):
        world.stage()
    counts = counted(world, "stage")
    assert (sorted(counts.hashes(PORTRAIT, TOMAS)), calls(world)["upload"]) == ([0, 1], 1 + 1)


def test_stage_uploads_one_content_once_wherever_it_is(world: World) -> None:
    world.write(TOMAS, (world.root / PORTRAIT).read_bytes())
    counted(crowd(world, 20).do_all("plan"), "stage")
    assert calls(world)["upload"] == 1 + 1


@pytest.mark.parametrize("command", ["stage", "submit", "poll", "download", "apply"])
def test_what_is_done_opens_no_task_no_ledger_and_no_picture(world: World, command: str) -> None:
    crowd(world, 20).do_all("plan", "stage", "submit", "poll", "download", "apply")
    counts = counted(world, command)
    own = {name.rpartition("/")[2] for name in counts.opened}
    assert own <= {"chargen.yaml", "models.toml", "current", "state.json", "log.ndjson"}
    assert (counts.parsed, counts.replaced, counts.fsynced, calls(world)) == ({}, {}, {}, {})


@SIZES
@pytest.mark.parametrize(
    ("command", "saves"),
    # Beside one for each job: what is begun and ended. Submit saves an intention, and what it led
    # to; the first of them moves the run. Apply is one unit, whatever it is made of.
    [("stage", 4 + 2), ("submit", 4 * 2), ("poll", 4 + 2), ("download", 4 + 1), ("apply", 1)],
)
def test_the_state_is_saved_for_jobs_not_for_tasks(
    world: World, command: str, saves: int, count: int
) -> None:
    jobs = 4
    crowd(world, count - 3, a_job=count // jobs).before(command)
    counts = counted(world, command)
    assert len(world.state.jobs) == jobs
    assert counts.of(counts.replaced, "state.json") == saves


@SIZES
def test_submit_lists_once_and_creates_each_job_once(world: World, count: int) -> None:
    crowd(world, count - 3, a_job=count // 4).before("submit")
    counts = counted(world, "submit")
    assert calls(world) == {"list_jobs": 1, "list_files": 1, "create_job": 4}
    assert counts.of(counts.opened, "tasks.jsonl") <= 4 * (4 + 1)


@SIZES
def test_poll_asks_once_about_each_live_job_and_opens_no_task(world: World, count: int) -> None:
    crowd(world, count - 3, a_job=count // 4).before("poll")
    counts = counted(world, "poll")
    assert calls(world) == {"get_job": 4}
    assert counts.of(counts.opened, "tasks.jsonl") == 0


def test_a_poll_that_hears_nothing_new_saves_nothing(world: World) -> None:
    world.service.looks = 3
    crowd(world, 17, a_job=5).do_all("plan", "stage", "submit", "poll")
    assert counted(world, "poll").replaced == {}
    assert calls(world) == {"get_job": 4}


@SIZES
def test_apply_parses_each_file_once_and_each_new_one_once(world: World, count: int) -> None:
    counts = counted(crowd(world, count).before("apply"), "apply")
    assert counts.parsed == BEFORE_AND_AFTER
    assert [counts.replaced[name] for name in YAML] == [0, 1, 1, 1]


@SIZES
def test_apply_syncs_the_ledger_for_many_pictures_and_for_each_file(
    world: World, count: int
) -> None:
    counts = counted(crowd(world, count).before("apply"), "apply")
    received = -(-(count + 3) // RECEIVED_AT_ONCE)
    assert counts.of(counts.fsynced, "outcomes.jsonl") == received + len((INES, KILN, CHAPTER))


@SIZES
def test_apply_opens_its_ledger_and_tasks_as_often_whatever_it_has(
    world: World, count: int
) -> None:
    counts = counted(crowd(world, count).before("apply"), "apply")
    assert counts.of(counts.opened, "tasks.jsonl") <= 4
    assert counts.of(counts.opened, "results-0001.jsonl") == 1
    assert counts.of(counts.opened, "state.json") == 1


@SIZES
def test_apply_syncs_each_picture_once_and_reads_none_back(world: World, count: int) -> None:
    counts = counted(crowd(world, count).before("apply"), "apply")
    folder = "characters/ines/images/"
    synced = [times for name, times in counts.fsynced.items() if name.startswith(f"{folder}.")]
    pictures = {path.name for path in (world.root / folder).glob("*.png")} - {"portrait.png"}
    assert (len(pictures), synced) == (count, [1] * count)
    assert [counts.opened[f"{folder}{name}"] for name in pictures] == [0] * count


@SIZES
def test_a_report_opens_its_tasks_and_its_ledger_as_often_whatever_it_has(
    world: World, count: int
) -> None:

    crowd(world, count).before("report")
    counts = counted(world, "report")
    assert counts.of(counts.opened, "tasks.jsonl") <= 3
    assert counts.of(counts.opened, "outcomes.jsonl") <= 3
    assert counts.of(counts.replaced, "state.json") == 1


def test_a_report_that_says_the_same_is_not_written_again(world: World) -> None:
    crowd(world, 20).do_all("plan", "stage", "submit", "poll", "download", "apply", "report")
    assert (counted(world, "report").replaced, calls(world)) == ({}, {})
