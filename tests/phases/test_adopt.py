"""adopt: a picture made by hand, or by another tool, makes its target done."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from chargen_batch import yaml12
from chargen_batch.errors import PlanningError, ResultsError, UsageError
from chargen_batch.phases import asking
from chargen_batch.phases.plan import PlanChoices
from tests.phases import lines, story
from tests.phases.adopting import BOWL, adopted, by_hand, entries, painted, recorded, states
from tests.phases.crashing import Crash, CrashingService, Point, Power, under

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World

NAME = f"character/ines/{BOWL}"


def reject(world: World, file: str) -> None:
    world.write(file, world.read(file).replace('status: "draft"', 'status: "rejected"'))


def test_a_target_with_an_adopted_picture_is_done(world: World) -> None:
    assert states(world)[BOWL] == "new"
    report = adopted(world)
    assert (report.target, report.variant, report.entered) == (NAME, 1, True)
    assert states(world)[BOWL] == "done"
    assert BOWL not in {each.task.target_id for each in world.plan().planned}


def test_the_copy_has_the_same_bytes_and_a_drawn_pictures_name(world: World) -> None:
    report = adopted(world, by_hand(world, painted(kind="JPEG"), "bowl.png"))
    key_hash = report.task_key.rpartition("@")[2]
    assert report.picture == f"characters/ines/images/{BOWL}-{key_hash[:8]}.jpg"
    assert (world.root / report.picture).read_bytes() == painted(kind="JPEG")
    assert report.sha256 == hashlib.sha256(painted(kind="JPEG")).hexdigest()


def test_its_entry_does_not_say_that_it_was_drawn(world: World) -> None:
    report = adopted(world, status="approved")
    (entry,) = entries(world, story.INES)
    assert (entry["type"], entry["status"]) == ("imported", "approved")
    assert entry["content"]["tags"] == ["clay", "wheel"]
    assert entry["provenance"] == {
        "source": "adopted",
        "created_at": "2026-11-22T08:00:00Z",
        "original_filename": "my bowl.png",
        "sha256": report.sha256,
    }
    assert entry["generation"] == {
        "task_key": report.task_key,
        "target_id": BOWL,
        "variant": 1,
        "provider": "adopted",
    }


def test_adopting_again_changes_nothing(world: World) -> None:
    first = adopted(world)
    before = world.tree()
    world.clock.passes(60)
    again = adopted(world)
    assert (again.entered, again.picture, again.variant) == (False, first.picture, 1)
    assert world.tree() == before


def test_a_changed_prompt_makes_it_changed_and_spends_nothing(world: World) -> None:
    adopted(world)
    world.write(story.IDEAS, world.read(story.IDEAS).replace("elbows", "knees"))
    assert states(world)[BOWL] == "changed"
    assert BOWL not in {each.task.target_id for each in world.plan().planned}


def test_a_target_with_a_picture_takes_another_only_as_a_variant(world: World) -> None:
    adopted(world)
    second = by_hand(world, painted("blue"), "second.png")
    with pytest.raises(ResultsError, match="has a picture already"):
        adopted(world, second)
    assert adopted(world, second, as_variant=True).variant == 2
    assert [entry["generation"]["variant"] for entry in entries(world, story.INES)] == [1, 2]


def test_a_rejected_one_makes_room_for_the_next_variant(world: World) -> None:
    adopted(world)
    reject(world, story.INES)
    assert states(world)[BOWL] == "rejected"
    assert adopted(world, by_hand(world, painted("blue"))).variant == 2
    assert states(world)[BOWL] == "done"


def test_the_same_bytes_come_back_after_they_were_rejected(world: World) -> None:
    adopted(world)
    reject(world, story.INES)
    assert (adopted(world).variant, states(world)[BOWL]) == (2, "done")


def test_another_tools_picture_is_adopted_itself_and_is_in_the_way_of_others(world: World) -> None:
    other = "characters/ines/images/throwing-a-bowl.png"
    world.write(other, painted("green"))
    world.write(
        story.INES, "image_inventory: [{id: throwing-a-bowl, path: images/throwing-a-bowl.png}]\n"
    )
    assert states(world)[BOWL] == "changed"
    with pytest.raises(ResultsError, match=other):
        adopted(world)
    assert adopted(world, world.root / other).variant == 1
    assert states(world)[BOWL] == "done"


def test_what_a_run_is_drawing_is_not_adopted_by_accident(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    with pytest.raises(ResultsError, match=f"run {world.run.run_id} holds it"):
        adopted(world)


def test_a_run_that_was_planned_before_still_enters_its_picture(world: World) -> None:
    world.do_all("plan")
    report = adopted(world)
    assert report.variant == 2
    assert report.warnings == (f"run {world.run.run_id} will draw {NAME} all the same",)
    world.do_all("stage", "submit", "poll", "download", "apply")
    bowls = [each for each in entries(world, story.INES) if BOWL in each["id"]]
    assert sorted(each["generation"]["variant"] for each in bowls) == [1, 2]


def took_out(world: World) -> None:
    world.write(story.KILN, story.STORY[story.KILN])


def renamed(world: World) -> None:
    world.write(story.KILN, world.read(story.KILN).replace("slug: first-smoke", "slug: smoke"))


def file_is_gone(world: World) -> None:
    for path in (world.root / "locations/old-kiln/images").glob("first-smoke-*"):
        path.unlink()


@pytest.mark.parametrize(
    ("happened", "target", "state", "variant"),
    [
        (took_out, "first-smoke", "removed", 2),
        (file_is_gone, "first-smoke", "new", 2),
        (renamed, "smoke", "renamed", None),
        (lambda _world: None, "first-smoke", "done", None),
    ],
)
def test_a_drawn_target_takes_a_picture_only_where_it_has_none(
    world: World, happened: Callable[[World], None], target: str, state: str, variant: int | None
) -> None:
    world.before("report")
    happened(world)
    assert states(world)[target] == state
    if variant is None:
        with pytest.raises(ResultsError):
            adopted(world, target=target)
    else:
        assert adopted(world, target=target).variant == variant
        assert states(world)[target] == "done"


def test_what_the_service_refused_is_adopted(world: World) -> None:
    world.service.results = lines.by_target(throwing_a_bowl=lines.blocked_line)
    world.before("report")
    assert states(world)[BOWL] == "refused"
    assert adopted(world).variant == 2
    assert states(world)[BOWL] == "done"


def test_a_picture_from_the_orphans_is_entered_with_a_warning(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    world.apply()
    (orphan,) = world.run.orphans_dir.glob("*/*")
    report = adopted(world, orphan, "fire-door")
    assert "the picture was drawn as location/old-kiln/fire-mouth, its own bytes say" in (
        report.warnings
    )
    assert states(world)["fire-door"] == "done"


def test_a_picture_of_other_proportions_is_entered_with_a_warning(world: World) -> None:
    report = adopted(world, by_hand(world, painted(size=(40, 30))))
    assert report.warnings == ("asked for 3:4, the picture has 40 x 30 pixels",)
    assert report.entered


def test_a_rehearsals_picture_passes_for_no_real_one(world: World) -> None:
    image = by_hand(world, recorded(painted(), f"{NAME}@{'a' * 16}", "emulator"))
    before = world.tree()
    with pytest.raises(ResultsError, match="the emulator drew"):
        adopted(world, image)
    assert world.tree() == before


def test_a_rehearsals_picture_is_entered_as_one_in_a_rehearsal(world: World) -> None:
    image = by_hand(world, recorded(painted(), f"{NAME}@{'a' * 16}", "emulator"))
    world.settings("backend: emulator")
    adopted(world, image)
    (entry,) = entries(world, story.INES)
    assert entry["generation"]["provider"] == entry["provenance"]["source"] == "emulator"
    assert states(world)[BOWL] == "done"
    world.settings("backend: gemini")
    assert states(world)[BOWL] == "new"


def test_a_picture_by_hand_is_a_real_one_in_a_rehearsing_project_too(world: World) -> None:
    world.settings("backend: emulator")
    assert adopted(world).entered
    assert not adopted(world).entered
    world.settings("backend: gemini")
    assert states(world)[BOWL] == "done"


def test_a_chapters_placeholders_name_it_without_a_model(world: World) -> None:
    report = adopted(world, by_hand(world, painted(size=(160, 90))), "door-opens")
    data = yaml12.load((world.root / story.CHAPTER).read_bytes(), where=story.CHAPTER)
    (item,) = data["images"]  # type: ignore[index]
    assert (item["file_path"], item["provider"], item["model"]) == (
        report.picture,
        "adopted",
        None,
    )
    assert item["provider_metadata"] == {"task_key": report.task_key, "run_id": None}
    assert states(world)["door-opens"] == "done"


def test_a_chapters_placeholders_go_from_drawn_to_adopted_and_back(world: World) -> None:
    def item() -> dict[str, object]:
        data = yaml12.load((world.root / story.CHAPTER).read_bytes(), where=story.CHAPTER)
        (found,) = data["images"]  # type: ignore[index]
        assert isinstance(found, dict)
        return found

    world.before("report")
    drawn = item()
    world.clock.passes(60)
    adopted(world, by_hand(world), "door-opens", as_variant=True)
    assert (item()["provider"], item()["model"]) == ("adopted", None)
    world.clock.passes(60)
    world.plan(PlanChoices(target="door-opens", skip="none"))
    world.do_all("stage", "submit", "poll", "download", "apply")
    assert (item()["provider"], item()["model"]) == (drawn["provider"], drawn["model"])


def test_a_portrait_by_hand_is_the_reference_from_then_on(world: World) -> None:
    (world.root / story.PORTRAIT).unlink()
    report = adopted(world, target="ines/portrait")
    (entry,) = entries(world, story.INES)
    assert entry["is_reference_portrait"] is True
    verdict = next(each for each in world.plan().verdicts if each.target.target_id == BOWL)
    assert [image.path for image in verdict.task.reference_images] == [report.picture]
    again = adopted(world, target="ines/portrait")
    assert (again.entered, again.picture) == (False, report.picture)


def test_other_bytes_in_its_place_stay(world: World) -> None:
    first = adopted(world, dry_run=True)
    world.write(first.picture, b"mine")
    report = adopted(world)
    assert report.picture != first.picture
    assert (world.root / first.picture).read_bytes() == b"mine"
    assert (world.root / report.picture).read_bytes() == painted()


def test_a_link_in_its_place_is_not_followed(world: World) -> None:
    first = adopted(world, dry_run=True)
    mine = by_hand(world, b"mine", "mine.txt")
    (world.root / first.picture).symlink_to(mine)
    assert adopted(world).picture != first.picture
    assert mine.read_bytes() == b"mine"


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(world: World) -> None:
    before = world.tree()
    would = adopted(world, dry_run=True, move=True)
    assert (would.dry_run, would.moved, world.tree()) == (True, False, before)
    did = adopted(world)
    assert (did.picture, did.task_key) == (would.picture, would.task_key)


def test_move_takes_the_given_file_away_once_it_is_entered(world: World) -> None:
    image = by_hand(world)
    assert adopted(world, image, move=True).moved
    assert not image.exists()
    assert adopted(world, by_hand(world), move=True).moved


def test_move_leaves_what_an_entry_names(world: World) -> None:
    other = "characters/ines/images/throwing-a-bowl.png"
    world.write(other, painted("green"))
    world.write(story.INES, "image_inventory: [{id: x, path: images/throwing-a-bowl.png}]\n")
    before = world.tree()
    with pytest.raises(ResultsError, match=rf"{story.INES}:1"):
        adopted(world, world.root / other, move=True)
    assert world.tree() == before


def test_move_leaves_a_picture_that_another_target_has(world: World) -> None:
    other = "chapters/first-firing/images/x.png"
    world.write(other, painted("green", size=(160, 90)))
    named = world.read(story.CHAPTER).replace("file_path: null", f"file_path: {other}")
    world.write(story.CHAPTER, named)
    before = world.tree()
    with pytest.raises(ResultsError, match="is a picture of chapter/first-firing/door-opens"):
        adopted(world, world.root / other, move=True)
    assert world.tree() == before
    assert adopted(world, world.root / other).entered


def test_move_leaves_what_a_prompt_shows(world: World) -> None:
    world.write("characters/bea/images/portrait.png", painted("pink"))
    for name in (story.PORTRAIT, "characters/bea/images/portrait.png"):  # no target shows Bea yet
        with pytest.raises(ResultsError, match="is a reference"):
            adopted(world, world.root / name, move=True)
    assert (world.root / story.PORTRAIT).exists()


def test_move_of_the_picture_in_its_own_place_leaves_it(world: World) -> None:
    report = adopted(world)
    assert not adopted(world, world.root / report.picture, move=True).moved
    assert (world.root / report.picture).read_bytes() == painted()


@pytest.mark.parametrize("name", [f"{NAME}@0123", "no-such", "*"])
def test_a_name_that_is_not_one_target_is_wrong_usage(world: World, name: str) -> None:
    with pytest.raises(UsageError, match=r"no target|may be any of"):
        adopted(world, target=name)


@pytest.mark.parametrize("name", [NAME, f"ines/{BOWL}", BOWL, "throw*", "character/*/throw*"])
def test_a_target_may_be_named_in_full_shorter_or_by_a_glob(world: World, name: str) -> None:
    assert adopted(world, target=name).target == NAME


def test_the_key_of_the_task_names_its_target(world: World) -> None:
    task = next(each.task for each in world.plan().planned if each.task.target_id == BOWL)
    assert adopted(world, target=task.key).target == asking.target_name(task)


@pytest.mark.parametrize(
    ("content", "told"), [(b"GIF89a", "not PNG, JPEG or WebP"), (painted()[:-9], "not whole")]
)
def test_what_is_no_whole_picture_is_refused(world: World, content: bytes, told: str) -> None:
    before = world.tree()
    with pytest.raises(ResultsError, match=told):
        adopted(world, by_hand(world, content))
    assert world.tree() == before


def test_a_file_that_is_not_there_is_wrong_usage(world: World) -> None:
    for image in (world.root / "no.png", world.root, world.root / ("n" * 300)):
        with pytest.raises(UsageError, match="there is no file"):
            adopted(world, image)


def test_a_broken_file_gets_neither_picture_nor_entry(world: World) -> None:
    world.write(story.INES, "image_inventory: 7\n")
    before = world.tree()
    with pytest.raises(PlanningError) as caught:
        adopted(world)
    assert [problem.file for problem in caught.value.problems] == [story.INES]
    assert world.tree() == before


def test_a_target_that_may_stand_in_a_broken_file_is_a_problem(world: World) -> None:
    world.write(story.KILN, "zones: [\n")
    with pytest.raises(PlanningError, match="no target fire-mouth that could be read") as caught:
        adopted(world, target="fire-mouth")
    assert [problem.file for problem in caught.value.problems] == [story.KILN]


def test_an_inventory_that_is_missing_is_created(world: World) -> None:
    (world.root / story.INES).unlink()
    adopted(world)
    assert len(entries(world, story.INES)) == 1
    assert states(world)[BOWL] == "done"


def points(root: Path, *, move: bool) -> tuple[World, list[Point]]:
    """Adopt once, and return what was done and where it could have been killed."""
    world, power = story.make(root, CrashingService), Power()
    with under(power, world):
        adopted(world, move=move)
    return world, list(power.points())


@pytest.mark.parametrize("move", [False, True])
def test_killed_anywhere_and_typed_again_it_ends_the_same(tmp_path: Path, *, move: bool) -> None:
    whole, everywhere = points(tmp_path / "whole" / "story", move=move)
    assert len(everywhere) > 2
    for point in everywhere:
        world = story.make(tmp_path / f"{point.number}-{point.how}" / "story", CrashingService)
        image = by_hand(world)
        with pytest.raises(Crash), under(Power(out_at=point), world):
            adopted(world, image, move=move)
        adopted(world, image, move=move)
        assert world.tree() == whole.tree()
        assert image.exists() is not move


def test_killed_before_the_given_file_goes_it_goes_the_second_time(world: World) -> None:
    image = by_hand(world)
    adopted(world, image)
    before = world.tree()
    assert adopted(world, image, move=True).moved
    assert (image.exists(), world.tree()) == (False, before)


def test_what_a_killed_one_left_behind_its_entry_is_cleared(world: World) -> None:
    adopted(world)
    before = world.tree()
    world.write("characters/ines/.imagery.yaml.tmp", "what was there before")
    assert not adopted(world).entered
    assert world.tree() == before


def test_a_picture_given_by_a_link_is_read_through_it(world: World) -> None:
    link = world.root.parent / "link.png"
    link.symlink_to(by_hand(world))
    assert adopted(world, link).sha256 == hashlib.sha256(painted()).hexdigest()
