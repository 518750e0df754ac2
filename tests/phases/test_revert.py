"""revert takes out what apply put in, where nobody has touched it since, and nothing else."""

from __future__ import annotations

import errno
import os
import pathlib
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from chargen_batch import exchange, yaml12
from chargen_batch.errors import ExitCode, StateError
from chargen_batch.phases.plan import PlanChoices
from tests.phases import analysing, story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS, target_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World

TO_APPLY = COMMANDS[:-1]
AGAIN = PlanChoices(skip="none", target="door-opens")


def story_files(world: World) -> dict[str, bytes]:
    return {name: raw for name, raw in world.tree().items() if not name.startswith(".chargen")}


def applied(world: World) -> World:
    return world.do_all("plan", *TO_APPLY)


def left_of(world: World) -> dict[str, str]:
    return {target_of(each.key): each.why for each in world.revert().left}


def replace(world: World, name: str, old: str, new: str) -> None:
    assert old in world.read(name)
    world.write(name, world.read(name).replace(old, new, 1))


def test_after_a_revert_the_story_has_the_bytes_that_it_had(world: World) -> None:
    before = story_files(world)
    applied(world)
    report = world.revert()
    assert story_files(world) == before
    assert (len(report.reverted), report.left, report.kept) == (len(TARGETS), (), ())


def test_pictures_that_were_paid_for_are_kept_in_orphans(world: World) -> None:
    applied(world)
    drawn = {(world.root / str(end.image_path)).read_bytes() for end in world.outcomes.values()}
    world.revert()
    kept = {world.root / str(end.image_path) for end in world.outcomes.values()}
    assert {path.read_bytes() for path in kept} == drawn
    assert all(path.is_relative_to(world.run.orphans_dir) for path in kept)


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    applied(world)
    before = world.tree()
    seen = world.revert(dry_run=True)
    assert world.tree() == before
    assert seen.reverted == world.revert().reverted


def test_what_was_taken_out_is_new_again_and_stays_paid_for(world: World) -> None:
    applied(world)
    world.revert()
    assert {end.stage for end in world.outcomes.values()} == {"reverted"}
    state = world.state
    assert (state.phase, state.completed_tasks, state.reverted_tasks) == ("completed", 0, 5)
    summary = world.report().report.summary
    assert (summary.success, summary.open, summary.reverted) == (0, 0, 5)
    assert [verdict.state for verdict in world.plan().verdicts] == ["new"] * len(TARGETS)


def test_apply_does_not_put_back_what_was_taken_out(world: World) -> None:
    applied(world)
    world.revert()
    before = world.tree()
    assert (world.apply().restored, world.restore().restored) == ((), ())
    assert world.tree() == before


def test_a_run_of_the_same_keys_is_drawn_and_applied_again(world: World) -> None:
    applied(world)
    first = set(world.outcomes)
    world.revert()
    world.clock.passes(60)
    applied(world)
    assert set(world.outcomes) == first
    assert world.state.completed_tasks == len(TARGETS)


EDITS: dict[str, tuple[str, str, str]] = {
    "a review": ("status: draft", "status: approved", "its entry was changed"),
    "a title": ("title: Throwing a Bowl", "title: The Bowl", "its entry was changed"),
    "a note": ("variant: 1", "variant: 1\n      note: lovely", "its entry was changed"),
    "a comment": ("variant: 1", "variant: 1 # lovely", "a comment was written into its entry"),
}


@pytest.mark.parametrize(("old", "new", "why"), EDITS.values(), ids=EDITS.keys())
def test_an_entry_that_a_person_touched_stays_with_its_picture(
    world: World, old: str, new: str, why: str
) -> None:
    applied(world)
    world.write(story.INES, world.read(story.INES).replace('"draft"', "draft"))
    text = world.read(story.INES).replace('"Throwing a Bowl"', "Throwing a Bowl")
    world.write(story.INES, text)
    replace(world, story.INES, old, new)
    assert left_of(world) == {"throwing-a-bowl": why}
    assert world.read(story.INES).count("task_key") == 1
    assert (world.root / str(world.outcomes["throwing-a-bowl"].image_path)).is_file()
    assert world.outcomes["throwing-a-bowl"].stage == "settled"


def test_a_picture_that_was_painted_over_stays_with_its_entry(world: World) -> None:
    applied(world)
    path = world.root / str(world.outcomes["carrying-wood"].image_path)
    path.write_bytes(story.portrait("pink"))
    assert left_of(world) == {"carrying-wood": "its picture was changed"}
    assert path.read_bytes() == story.portrait("pink")
    assert world.read(story.INES).count("carrying-wood@") == 1


def test_a_picture_that_something_else_names_stays_without_its_entry(world: World) -> None:
    applied(world)
    path = str(world.outcomes["first-smoke"].image_path)
    world.write(story.KILN, f"{world.read(story.KILN)}cover: images/{path.rpartition('/')[2]}\n")
    assert world.revert().kept == (path,)
    assert (world.root / path).is_file()
    assert "task_key" not in world.read(story.KILN)


def test_edits_and_comments_around_entries_stay(world: World) -> None:
    applied(world)
    world.write(story.KILN, f"# mine\n{world.read(story.KILN)}# and mine\nname_2: Kiln\n")
    world.revert()
    original = story.STORY[story.KILN].decode()
    assert world.read(story.KILN) == f"# mine\n{original}# and mine\nname_2: Kiln\n"


def test_an_entry_that_a_person_took_out_is_no_trouble(world: World) -> None:
    applied(world)
    world.write(story.KILN, story.STORY[story.KILN])
    before = world.read(story.KILN)
    assert len(world.revert().reverted) == len(TARGETS)
    assert world.read(story.KILN) == before
    assert not list((world.root / story.KILN).parent.glob("images/*"))


def test_targets_that_moved_are_found(world: World) -> None:
    applied(world)
    zone = "  - slug: chimney\n    description: A tall stack.\n"
    replace(world, story.KILN, "zones:\n", f"zones:\n{zone}")
    world.revert()
    expected = story.STORY[story.KILN].decode().replace("zones:\n", f"zones:\n{zone}")
    assert world.read(story.KILN) == expected


def test_a_file_that_apply_made_goes_again(world: World) -> None:
    (world.root / story.INES).unlink()
    applied(world)
    world.revert()
    assert not (world.root / story.INES).exists()


def test_a_file_that_apply_made_and_a_person_wrote_into_stays(world: World) -> None:
    (world.root / story.INES).unlink()
    applied(world)
    world.write(story.INES, world.read(story.INES) + "appearance: tall\n")
    world.revert()
    data = cast("Any", yaml12.load(world.read(story.INES).encode(), where=""))
    assert (data["image_inventory"], data["appearance"]) == ([], "tall")


def door(world: World) -> dict[str, Any]:
    data = yaml12.load(world.read(story.CHAPTER).encode(), where=story.CHAPTER)
    return cast("dict[str, Any]", cast("Any", data)["images"][0])


def test_an_older_variants_values_come_back(world: World) -> None:
    applied(world)
    before = world.read(story.CHAPTER)
    world.clock.passes(3600)
    world.plan(AGAIN)
    world.do_all(*TO_APPLY)
    assert world.read(story.CHAPTER) != before
    world.revert()
    assert world.read(story.CHAPTER) == before


def test_an_older_run_leaves_the_values_of_a_newer_one(world: World) -> None:
    applied(world)
    older = world.run
    world.clock.passes(3600)
    world.plan(AGAIN)
    world.do_all(*TO_APPLY)
    filled = {key: value for key, value in door(world).items() if key != "image_inventory"}
    world.revert(older)
    now = door(world)
    assert {key: now[key] for key in filled} == filled
    assert len(now["image_inventory"]) == 1
    world.revert()
    now = door(world)
    assert (now["file_path"], now["provider_metadata"], now["model"]) == (None, {}, None)
    assert now["image_inventory"] == []


def test_a_placeholder_that_a_person_filled_stays(world: World) -> None:
    applied(world)
    model = door(world)["model"]
    replace(
        world,
        story.CHAPTER,
        f'model: "{model}"\n    provider_metadata',
        "model: mine\n    provider_metadata",
    )
    world.revert()
    assert (door(world)["model"], door(world)["file_name"]) == ("mine", None)


def test_a_broken_file_stays_and_the_others_are_done(world: World) -> None:
    applied(world)
    whole = world.read(story.KILN)
    world.write(story.KILN, "zones: [\n")
    report = world.revert()
    assert (report.exit_code, len(report.problems)) == (ExitCode.FAILED, 1)
    assert (world.read(story.KILN), world.state.reverted_tasks) == ("zones: [\n", 3)
    world.write(story.KILN, whole)
    assert world.revert().exit_code is ExitCode.DONE
    assert world.read(story.KILN).encode() == story.STORY[story.KILN]


def test_a_run_that_is_not_applied_is_refused(world: World) -> None:
    world.before("apply")
    with pytest.raises(StateError, match="too early to revert") as told:
        world.revert()
    assert told.value.hint == f"type: chargen-batch apply --run {world.run.run_id}"


def test_a_rehearsal_is_taken_out_without_a_trace(tmp_path: Path) -> None:
    world = story.make(tmp_path)
    world.service.address = story.REHEARSAL
    world.settings("backend: emulator")
    before = story_files(world)
    world.do_all("plan", "stage", "submit", "poll", "download")
    world.apply(rehearsal_ok=True)
    world.revert()
    assert story_files(world) == before
    assert not world.run.orphans_dir.exists()


@pytest.fixture
def studio(tmp_path: Path) -> World:
    """Give a world of pictures that nobody described."""
    return analysing.make(tmp_path)


def test_analyses_are_taken_out_with_their_files(studio: World) -> None:
    before = story_files(studio)
    analysing.run(studio, *TO_APPLY)
    assert story_files(studio) != before
    report = studio.revert()
    assert (len(report.reverted), report.left) == (3, ())
    assert story_files(studio) == before


ENTRY = """\
image_inventory:
  - id: bowl
    path: images/bowl.png   # by hand
    content:
      title: My bowl
      tags: []
    rating: 5
"""


def test_an_entry_that_was_completed_is_as_it_was(studio: World) -> None:
    studio.write(story.INES, ENTRY)
    analysing.run(studio, *TO_APPLY)
    assert studio.read(story.INES) != ENTRY
    studio.revert()
    assert studio.read(story.INES) == ENTRY


CHANGES: dict[str, Callable[[World], None]] = {
    "its analysis": lambda world: replace(
        world, story.INES, "provider:", "by: me\n      provider:"
    ),
    "its sidecar": lambda world: world.write(
        f"{analysing.BOWL}.analysis.json",
        world.read(f"{analysing.BOWL}.analysis.json").replace('"mood": "', '"mood": "very '),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_description_that_a_person_touched_stays(
    studio: World, change: Callable[[World], None]
) -> None:
    analysing.run(studio, *TO_APPLY)
    change(studio)
    before = studio.read(story.INES)
    assert list(left_of(studio)) == ["bowl.png"]
    assert studio.read(story.INES) == before
    assert (studio.root / f"{analysing.BOWL}.analysis.json").is_file()


def test_a_folder_that_cannot_be_changed_holds_up_its_own_pictures_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(world)
    rename_new = exchange.rename_new

    def refused(source: Path, target: Path) -> bool:
        if source.is_relative_to(world.root / "characters/ines/images"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))
        return rename_new(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(exchange, "rename_new", refused)
        report = world.revert()
    why = "characters/ines/images: cannot be written to: Permission denied"
    assert ([str(each) for each in report.problems], len(report.reverted)) == ([why], 3)
    assert (world.revert().problems, world.state.reverted_tasks) == ((), len(TARGETS))


def refusing(name: Path) -> Callable[..., IO[Any]]:
    """Return what opens every file but this one."""
    opened = pathlib.Path.open

    def refused(path: Path, *how: Any, **more: Any) -> IO[Any]:  # noqa: ANN401 - as open has them
        if path == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        stream: IO[Any] = opened(path, *how, **more)
        return stream

    return refused


@pytest.mark.parametrize("what", ["profile.md", "picture"])
def test_nothing_is_taken_out_beside_a_file_that_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    profile = "characters/ines/profile.md"
    world.write(profile, "# Ines\n")
    before = applied(world).read(story.INES)
    name = profile if what == "profile.md" else str(world.outcomes[TARGETS[0]].image_path)

    with monkeypatch.context() as patched:
        patched.setattr(pathlib.Path, "open", refusing(world.root / name))
        report = world.revert()
    assert [str(each) for each in report.problems] == [f"{name}: cannot be read: Permission denied"]
    assert (len(report.reverted), world.read(story.INES)) == (3, before)


@pytest.mark.parametrize("damage", [b"a: [\n", b"- a\n", b"\xff"])
def test_a_kept_original_that_is_damaged_is_what_is_named(world: World, damage: bytes) -> None:
    applied(world)
    kept = world.run.originals_dir / "character-ines.yaml"
    kept.write_bytes(damage)
    report = world.revert()
    assert [each.file for each in report.problems] == [kept.relative_to(world.root).as_posix()]
    assert len(report.reverted) == 3
