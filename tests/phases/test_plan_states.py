"""What plan says of targets after runs went through and people edited their files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.phases.plan import PlanChoices
from tests.phases import lines, story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS, World

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.core.planning import Verdict
    from chargen_batch.phases.plan import PlanReport

ALL: Final = ("plan", *COMMANDS)


def by_target(report: PlanReport) -> dict[str, Verdict]:
    return {verdict.target.target_id: verdict for verdict in report.verdicts}


def states(report: PlanReport) -> dict[str, str]:
    return {name: verdict.state for name, verdict in by_target(report).items()}


def keys(report: PlanReport) -> dict[str, str]:
    return {name: verdict.task.key for name, verdict in by_target(report).items()}


def edit(world: World, name: str, old: str, new: str) -> None:
    text = world.read(name)
    assert old in text
    world.write(name, text.replace(old, new))


def without_entry(world: World) -> None:
    """Take the beat's entry out again, as a person does, and nothing else."""
    before = story.STORY[story.KILN].decode()
    zone, _, _ = world.read(story.KILN).partition("beat_images:")
    world.write(story.KILN, zone + "beat_images:" + before.partition("beat_images:")[2])


def test_a_target_whose_entry_was_taken_out_is_removed_until_its_picture_is_too(
    world: World,
) -> None:
    world.do_all(*ALL)
    picture = world.outcomes["first-smoke"].image_path
    without_entry(world)
    verdict = by_target(world.plan())["first-smoke"]
    assert (verdict.state, verdict.planned) == ("removed", False)
    (world.root / str(picture)).unlink()
    verdict = by_target(world.plan())["first-smoke"]
    assert (verdict.state, verdict.planned, verdict.task.variant) == ("new", True, 2)


def test_a_renamed_target_is_said_and_not_drawn_again(world: World) -> None:
    world.do_all(*ALL)
    edit(world, story.IDEAS, "title: Carrying Wood", "title: Wood for the Kiln")
    verdict = by_target(world.plan())["wood-for-the-kiln"]
    assert (verdict.state, verdict.planned) == ("renamed", False)
    assert "it was called carrying-wood" in verdict.reason


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (story.CHAPTER, "custom_id: door-opens", "custom_id: the-door"),
        (story.KILN, "- slug: fire-mouth", "- slug: fire-door"),
    ],
)
def test_a_renamed_target_keeps_its_picture_once_its_entry_has_the_new_id(
    world: World, file: str, old: str, new: str
) -> None:
    world.do_all(*ALL)
    old_id, new_id = old.rpartition(" ")[2], new.rpartition(" ")[2]
    edit(world, file, old, new)
    assert states(world.plan())[new_id] == "renamed"
    edit(world, file, f'target_id: "{old_id}"', f'target_id: "{new_id}"')
    assert states(world.plan())[new_id] == "done"


def test_a_copy_of_a_target_that_is_still_there_is_new(world: World) -> None:
    world.do_all(*ALL)
    copied = "  - title: Again\n    scene: Ines carries ash wood up to the kiln.\n"
    world.write(story.IDEAS, world.read(story.IDEAS) + copied)
    assert states(world.plan())["again"] == "new"


def test_what_the_service_refused_waits_for_retry_refused(world: World) -> None:
    world.service.results = lines.by_target(carrying_wood=lines.blocked_line)
    world.do_all(*ALL[:-1])
    refused = by_target(world.plan())["carrying-wood"]
    assert (refused.state, refused.planned) == ("refused", False)
    assert "BLOCKED_PROHIBITED_CONTENT" in refused.reason
    again = by_target(world.plan(PlanChoices(retry_refused=True)))["carrying-wood"]
    assert (again.planned, again.task.key) == (True, refused.task.key)


def test_another_prompt_than_the_refused_one_is_new(world: World) -> None:
    world.service.results = lines.by_target(carrying_wood=lines.blocked_line)
    world.do_all(*ALL[:-1])
    edit(world, story.IDEAS, "ash wood", "oak")
    assert states(world.plan())["carrying-wood"] == "new"


def test_a_new_portrait_is_a_reference_that_differs(world: World) -> None:
    world.do_all(*ALL)
    story.change_portrait(world)
    found = by_target(world.plan())
    assert {found[name].differs for name in TARGETS if name != "fire-mouth"} == {("reference",)}
    assert found["fire-mouth"].state == "done"


def test_another_shape_and_model_are_what_differs(world: World) -> None:
    world.do_all(*ALL)
    found = world.plan(PlanChoices(model="gemini-nano-banana-2.1", image_size="2K", dry_run=True))
    assert {verdict.differs for verdict in found.verdicts} == {("model", "settings")}
    assert found.planned == ()


def test_a_changed_prompt_shows_its_words(world: World) -> None:
    world.do_all(*ALL)
    edit(world, story.IDEAS, "ash wood", "wet oak")
    verdict = by_target(world.plan())["carrying-wood"]
    assert verdict.differs == ("prompt",)
    assert "carries [-ash-]{+wet oak+}" in verdict.prompt_diff.replace(" wood", "")


@pytest.mark.parametrize("skip", ["target", "key"])
def test_a_picture_by_another_tool_waits_for_changed(world: World, skip: str) -> None:
    world.write("characters/ines/images/old.png", story.portrait("red"))
    inventory = 'image_inventory: [{id: ines-carrying-wood-01, path: "images/old.png"}]'
    world.write(story.INES, inventory)
    choices = PlanChoices(skip="key" if skip == "key" else "target")
    verdict = by_target(world.plan(choices))["carrying-wood"]
    assert (verdict.state, verdict.differs, verdict.task.variant) == ("changed", ("tool",), 1)
    assert verdict.planned == (skip == "key")


def test_our_entry_goes_over_another_tools_picture(world: World) -> None:
    test_a_picture_by_another_tool_waits_for_changed(world, "key")
    world.do_all(*COMMANDS)
    assert states(world.plan(PlanChoices(target="carrying-wood"))) == {"carrying-wood": "done"}


def test_variants_are_planned_drawn_and_entered(world: World) -> None:
    report = world.plan(PlanChoices(variants=3, target="carrying-wood"))
    assert [verdict.task.variant for verdict in report.planned] == [1, 2, 3]
    assert len({verdict.task.key for verdict in report.planned}) == 3
    assert report.summary.by_state == {"new": 1}
    assert (world.state.total_tasks, world.state.skipped_tasks) == (3, 0)
    world.do_all(*COMMANDS)
    assert world.read(story.INES).count("task_key: ") == 3
    assert states(world.plan())["carrying-wood"] == "done"


def test_image_types_are_filtered_by_a_glob(world: World) -> None:
    edit(world, story.KILN, "slug: first-smoke", "slug: first-smoke\n    image_type: Beat Shot")
    found = world.plan(PlanChoices(image_type="beat*", dry_run=True))
    assert list(by_target(found)) == ["first-smoke"]


def test_reordering_comments_and_moving_the_project_change_no_key(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = keys(world.plan(PlanChoices(dry_run=True)))
    head, first, second = world.read(story.IDEAS).split("  - title: ")
    world.write(story.IDEAS, f"# mine\n{head}  - title: {second}\n  - title: {first}")
    edit(world, story.CHAPTER, "images:\n", "\n# what to draw\nimages:\n")
    moved: Path = tmp_path_factory.mktemp("moved") / "elsewhere"
    shutil.copytree(world.root, moved)
    assert keys(world.plan(PlanChoices(dry_run=True))) == before
    assert keys(World(moved, world.service, world.clock).plan()) == before


CHANGES: Final = {
    "a scene": (story.IDEAS, "ash wood", "oak", {"carrying-wood"}),
    "a character": (story.IDEAS, "name: Ines Brandao", "name: Ines B", {*TARGETS[:2], TARGETS[3]}),
    "a zone": (story.KILN, "at dusk", "at dawn", {"fire-mouth"}),
    "a place": (story.KILN, "The Old Kiln", "The New Kiln", {"fire-mouth", "first-smoke"}),
    "a beat": (story.KILN, "White smoke", "Black smoke", {"first-smoke"}),
    "a chapter's image": (story.CHAPTER, "open the", "shut the", {"door-opens"}),
    "tags": (story.IDEAS, "[clay, wheel]", "[clay]", set[str]()),
    "the look": ("chargen.yaml", "batch:", "style: {base: oil}\nbatch:", set(TARGETS)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_word_changes_exactly_the_keys_that_it_should(world: World, name: str) -> None:
    file, old, new, expected = CHANGES[name]
    before = keys(world.plan(PlanChoices(dry_run=True)))
    edit(world, file, old, new)
    after = keys(world.plan(PlanChoices(dry_run=True)))
    changed = {target for target, key in after.items() if before[target] != key}
    assert changed == expected
