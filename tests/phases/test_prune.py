from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import StateError
from chargen_batch.phases import cancel, prune
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.prune import PruneChoices
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.phases.prune import PruneReport
    from chargen_batch.run.directory import RunDirectory
    from tests.phases.world import World

MONTH: Final = PruneChoices()
NOW: Final = PruneChoices(older_than_days=0)


def finished(world: World) -> RunDirectory:
    """Bring a run to its end, and let another one be current."""
    run = world.do_all("plan", *COMMANDS).run
    world.clock.passes(60)
    assert world.plan().run_id is None
    return run


def pruned(
    world: World, run: RunDirectory, choices: PruneChoices = MONTH, gone: tuple[str, ...] = ()
) -> PruneReport:
    return prune.run(run, world.project, choices, clock=world.clock, gone=gone)


def test_an_old_finished_run_is_removed_whole(world: World) -> None:
    run = finished(world)
    pictures = sorted(world.root.glob("*/*/images/*"))
    world.clock.now += timedelta(days=31)
    assert pruned(world, run).is_removed
    assert [path.name for path in world.project.runs_dir.iterdir()] == ["current"]
    assert sorted(world.root.glob("*/*/images/*")) == pictures


def test_a_younger_run_is_kept(world: World) -> None:
    run = finished(world)
    world.clock.now += timedelta(days=29)
    assert pruned(world, run).kept == "it ended less than 30 day(s) ago"
    assert prune.candidates(world.project, MONTH, clock=world.clock) == []
    assert run.path.is_dir()


def test_a_dry_run_removes_nothing(world: World) -> None:
    run = finished(world)
    report = pruned(world, run, PruneChoices(older_than_days=0, dry_run=True))
    assert (report.kept, report.is_removed, run.path.is_dir()) == (None, False, True)


def test_the_run_that_was_planned_last_is_kept(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    assert pruned(world, world.run, NOW).kept == "it is the run that was planned last"


def test_a_run_with_things_on_the_service_is_kept_unless_somebody_says_otherwise(
    world: World,
) -> None:
    world.settings("max_tasks_per_job: 2, cleanup_after_success: false")
    run = finished(world)
    assert "chargen-batch cleanup" in (pruned(world, run, NOW).kept or "")
    assert pruned(world, run, PruneChoices(older_than_days=0, sure=True)).is_removed


def test_a_run_is_kept_while_an_older_one_would_draw_the_same_again(world: World) -> None:
    older = world.do_all("plan").run
    world.clock.passes(60)
    newer = finished(world)
    assert pruned(world, newer, NOW).kept == (
        f"the older run {older.run_id} would pay for pictures of it again (cancel that one)"
    )
    cancel.run(older, world.connect, clock=world.clock, sure=False)
    assert pruned(world, newer, NOW).is_removed


def test_an_unfinished_run_that_knows_of_it_keeps_no_run(world: World) -> None:
    run = finished(world)
    world.clock.passes(60)
    assert world.plan(PlanChoices(skip="none")).run_id
    assert pruned(world, run, NOW).is_removed


def lost(world: World) -> RunDirectory:
    """Bring a run to where all its jobs were lost, and clean up behind it."""
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_FAILED")
    world.poll()
    world.cleanup()
    world.clock.passes(60)
    return world.run


def test_a_run_whose_dead_letters_could_be_sent_again_is_kept(world: World) -> None:
    run = lost(world)
    world.plan(PlanChoices(target="no-such-target"))
    assert (pruned(world, run, NOW).kept or "").startswith("5 dead letter(s) could be sent again")


def test_a_child_is_kept_as_long_as_its_parent_is_here(world: World) -> None:
    parent = lost(world)
    world.retry()
    child = world.do_all(*COMMANDS).run
    assert world.plan().run_id is None
    assert parent.run_id in (pruned(world, child, NOW).kept or "")
    assert pruned(world, child, NOW, gone=(parent.run_id,)).kept is None


def test_parent_and_child_go_in_one_go_oldest_first(world: World) -> None:
    parent = lost(world)
    world.retry()
    child = world.do_all(*COMMANDS).run
    assert world.plan().run_id is None
    found = prune.candidates(world.project, NOW, clock=world.clock)
    assert [run.run_id for run in found] == [parent.run_id, child.run_id]
    assert [pruned(world, run, NOW).is_removed for run in found] == [True, True]


def test_a_run_with_orphaned_pictures_is_kept(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    run = world.do_all("apply", "cleanup").run
    world.plan(PlanChoices(target="no-such-target"))
    assert pruned(world, run, NOW).kept == "there are pictures in its orphans/"


def test_an_unfinished_run_is_never_removed(world: World) -> None:
    world.do_all("plan", "stage")
    world.clock.now += timedelta(days=365)
    with pytest.raises(StateError, match="too early"):
        pruned(world, world.run)
    assert prune.candidates(world.project, MONTH, clock=world.clock) == []


def test_a_run_that_is_a_link_is_kept(world: World, tmp_path: Path) -> None:
    run = finished(world)
    run.path.rename(tmp_path / "elsewhere")
    run.path.symlink_to(tmp_path / "elsewhere")
    assert pruned(world, run, NOW).kept == "its folder is a link"


def test_what_a_killed_cleanup_half_removed_is_swept(world: World) -> None:
    run = finished(world)
    half = run.path.rename(run.path.with_name(f".{run.run_id}.removed"))
    prune.candidates(world.project, MONTH, clock=world.clock)
    assert not half.exists()
