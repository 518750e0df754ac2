"""explain: where a picture came from, by whatever of it is still there."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ConfigError, ResultsError, UsageError
from chargen_batch.phases import explain
from tests.phases import story
from tests.phases.adopting import BOWL, adopted, by_hand, painted, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.phases.explanation import ExplainReport
    from tests.phases.world import World

NAME = f"character/ines/{BOWL}"
PROMPT = "Ines throws a bowl on the wheel, clay to her elbows."


def explained(world: World, image: Path, *, alone: bool = False) -> ExplainReport:
    """Explain a picture; ``alone`` where there is no project."""
    return explain.run(image, None if alone else world.project, clock=world.clock)


@pytest.fixture
def drawn(world: World) -> World:
    """Give a world in which all pictures are drawn."""
    return world.before("report")


def bowl(world: World) -> Path:
    (path,) = (world.root / "characters/ines/images").glob(f"{BOWL}-*.png")
    return path


def lose_runs(world: World) -> None:
    shutil.rmtree(world.root / ".chargen" / "batch")


def take_entries_out(world: World) -> None:
    world.write(story.INES, story.STORY[story.INES])


def test_a_drawn_picture_is_known_by_all_that_there_is(drawn: World) -> None:
    report = explained(drawn, bowl(drawn))
    assert report.known_by == ("picture", "entry", "run", "story")
    assert (report.file, report.target) == (bowl(drawn).relative_to(drawn.root).as_posix(), NAME)
    assert (report.title, report.variant, report.status) == ("Throwing a Bowl", 1, "draft")
    assert (report.model, report.aspect_ratio, report.image_size) == (
        "gemini-3-pro-image",
        "3:4",
        "1K",
    )
    assert (report.provider, report.at) == ("google", "2026-11-22T08:00:00Z")
    assert PROMPT in (report.prompt or "")
    assert (report.unchanged, report.drawn_as, report.warnings) == (True, None, ())


def test_its_entry_is_told_with_its_place(drawn: World) -> None:
    place = explained(drawn, bowl(drawn)).place
    assert place is not None
    assert (place.file, place.yaml_path) == (story.INES, "image_inventory[0]")
    assert BOWL in drawn.read(story.INES).splitlines()[place.line - 1]


def test_its_run_its_job_and_its_cost_are_told(drawn: World) -> None:
    report = explained(drawn, bowl(drawn))
    assert (report.run_id, report.run_is_here) == (drawn.run.run_id, True)
    assert (report.job, report.job_name) == (1, next(iter(drawn.service.jobs)))
    assert report.cost is not None
    assert (report.cost.counted, report.cost.rehearsal) == (True, False)
    assert 0.06 < report.cost.usd < 0.08


def test_without_a_count_the_cost_is_the_estimate(drawn: World) -> None:
    lines = drawn.run.outcomes_file.read_text().splitlines()
    uncounted = [json.dumps({**json.loads(line), "usage": None}) for line in lines]
    drawn.run.outcomes_file.write_text("\n".join(uncounted) + "\n")
    cost = explained(drawn, bowl(drawn)).cost
    assert cost is not None
    assert (cost.counted, cost.usd) == (False, next(drawn.run.tasks()).estimate.cost_usd)


def test_the_story_says_whether_it_asks_for_the_same_today(drawn: World) -> None:
    now = explained(drawn, bowl(drawn)).now
    assert now is not None
    assert (now.state, now.same_key) == ("done", True)
    drawn.write(story.IDEAS, drawn.read(story.IDEAS).replace("elbows", "knees"))
    report = explained(drawn, bowl(drawn))
    assert report.now is not None
    assert (report.now.state, report.now.same_key) == ("changed", False)
    assert PROMPT in (report.prompt or "")


@pytest.mark.parametrize(
    ("content", "now"), [(painted("gold"), "changed"), (None, "missing"), (b"", "same")]
)
def test_references_are_compared_with_what_they_are_now(
    drawn: World, content: bytes | None, now: str
) -> None:
    if content is None:
        (drawn.root / story.PORTRAIT).unlink()
    elif content:
        drawn.write(story.PORTRAIT, content)
    (reference,) = explained(drawn, bowl(drawn)).references
    assert (reference.path, reference.role, reference.now) == (story.PORTRAIT, "portrait", now)


def test_a_picture_whose_run_is_gone_is_known_by_itself_and_its_entry(drawn: World) -> None:
    run_id = drawn.run.run_id
    lose_runs(drawn)
    report = explained(drawn, bowl(drawn))
    assert report.known_by == ("picture", "entry", "story")
    assert (report.run_id, report.run_is_here, report.cost) == (run_id, False, None)
    assert PROMPT in (report.prompt or "")
    assert [reference.now for reference in report.references] == ["same"]
    assert (report.aspect_ratio, report.unchanged) == ("3:4", None)


def test_a_picture_whose_entry_was_taken_out_is_known_by_itself_and_its_run(drawn: World) -> None:
    take_entries_out(drawn)
    report = explained(drawn, bowl(drawn))
    assert report.known_by == ("picture", "run", "story")
    assert (report.place, report.status, report.variant, report.unchanged) == (None, None, 1, True)
    assert report.now is not None
    assert report.now.state == "removed"


def test_its_prompt_is_the_storys_where_that_is_all_that_is_left_and_the_same(drawn: World) -> None:
    lose_runs(drawn)
    take_entries_out(drawn)
    assert PROMPT in (explained(drawn, bowl(drawn)).prompt or "")
    drawn.write(story.IDEAS, drawn.read(story.IDEAS).replace("elbows", "knees"))
    report = explained(drawn, bowl(drawn))
    assert report.prompt is None
    assert len(report.prompt_sha256 or "") == 64


def test_a_picture_without_any_project_tells_what_its_bytes_say(drawn: World) -> None:
    report = explained(drawn, bowl(drawn), alone=True)
    assert report.known_by == ("picture",)
    assert (report.target, report.run_id) == (NAME, drawn.run.run_id)
    assert (report.model, report.provider) == ("gemini-3-pro-image", "google")
    assert (report.prompt, report.place, report.now, report.references) == (None, None, None, ())


def test_a_copy_outside_of_the_project_has_the_entry_of_its_key(drawn: World) -> None:
    copy = drawn.root.parent / "copy.png"
    shutil.copy(bowl(drawn), copy)
    report = explained(drawn, copy)
    assert (report.file, report.target) == (str(copy), NAME)
    assert report.known_by == ("picture", "entry", "run", "story")
    assert report.unchanged is True


def test_a_picture_that_was_painted_over_is_said_to_be_changed(drawn: World) -> None:
    bowl(drawn).write_bytes(painted())
    report = explained(drawn, bowl(drawn))
    assert report.known_by == ("entry", "run", "story")
    assert (report.unchanged, report.target, report.run_id) == (False, NAME, drawn.run.run_id)


def test_a_stripped_picture_without_entry_is_found_by_its_bytes_in_a_ledger(drawn: World) -> None:
    bowl(drawn).write_bytes(painted())
    sha256 = explained(drawn, bowl(drawn)).sha256
    lines = drawn.run.outcomes_file.read_text()
    written = next(each for each in drawn.run.outcomes() if BOWL in each.key).sha256 or ""
    drawn.run.outcomes_file.write_text(lines.replace(written, sha256))
    take_entries_out(drawn)
    report = explained(drawn, bowl(drawn))
    assert (report.known_by, report.target) == (("run", "story"), NAME)


def test_a_picture_of_the_orphans_is_explained(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    world.apply()
    (orphan,) = world.run.orphans_dir.glob("*/*")
    report = explained(world, orphan)
    assert report.known_by == ("picture", "run")
    assert (report.target, report.now) == ("location/old-kiln/fire-mouth", None)


def test_an_adopted_picture_is_explained(world: World) -> None:
    path = world.root / adopted(world).picture
    report = explained(world, path)
    assert report.known_by == ("entry", "story")
    assert (report.provider, report.status, report.unchanged) == ("adopted", "draft", True)
    assert (report.model, report.prompt, report.run_id, report.cost) == (None,) * 4
    assert explained(world, by_hand(world)).target == NAME
    path.write_bytes(painted("blue"))
    assert explained(world, path).unchanged is False


def test_an_adopted_picture_that_was_drawn_for_another_target_says_both(drawn: World) -> None:
    report = adopted(drawn, bowl(drawn), "carrying-wood", as_variant=True)
    told = explained(drawn, drawn.root / report.picture)
    assert (told.target, told.variant) == ("character/ines/carrying-wood", 2)
    assert str(told.drawn_as).startswith(f"{NAME}@")
    assert (told.run_id, told.model) == (drawn.run.run_id, "gemini-3-pro-image")
    assert PROMPT in (told.prompt or "")


def test_another_tools_picture_is_known_by_what_names_it(world: World) -> None:
    world.write("characters/ines/images/throwing-a-bowl-01.png", painted())
    world.write(
        "characters/ines/imagery.runs.yaml",
        "runs: [{target_id: throwing-a-bowl, file_name: throwing-a-bowl-01.png}]\n",
    )
    report = explained(world, world.root / "characters/ines/images/throwing-a-bowl-01.png")
    assert (report.target, report.made_elsewhere) == (NAME, "imagery.runs.yaml")
    assert (report.known_by, report.task_key) == (("story",), None)


def test_an_entry_that_a_person_wrote_is_told(world: World) -> None:
    world.write(story.INES, "image_inventory: [{path: images/portrait.png, status: approved}]\n")
    report = explained(world, world.root / story.PORTRAIT)
    assert (report.known_by, report.status, report.target) == (("entry",), "approved", None)


def test_a_picture_that_adopt_would_refuse_is_not_sent_there(world: World) -> None:
    cut = by_hand(world, painted()[:-8])
    with pytest.raises(ResultsError, match="nothing is known") as caught:
        explained(world, cut)
    assert caught.value.hint.startswith("it is not whole: ")
    assert "saved anew" in caught.value.hint


def test_a_picture_that_nothing_tells_of_is_1_with_the_way_to_enter_it(world: World) -> None:
    with pytest.raises(ResultsError, match="nothing is known") as caught:
        explained(world, by_hand(world))
    assert caught.value.exit_code == 1
    assert "chargen-batch adopt" in caught.value.hint


def test_what_is_no_picture_is_1_and_what_is_not_there_2(world: World) -> None:
    with pytest.raises(ResultsError, match="not PNG"):
        explained(world, world.root / story.INES)
    with pytest.raises(UsageError, match="there is no file"):
        explained(world, world.root / "no.png")


def test_a_picture_that_is_not_whole_is_explained_with_a_warning(drawn: World) -> None:
    bowl(drawn).write_bytes(bowl(drawn).read_bytes()[:-8])
    report = explained(drawn, bowl(drawn))
    assert (report.target, report.unchanged) == (NAME, False)
    assert report.warnings[0].startswith("it is not whole: ")


def test_a_run_named_in_a_picture_is_no_path(drawn: World) -> None:
    run_id = f"x/../{drawn.run.run_id}"
    image = by_hand(drawn, recorded(painted(), f"{NAME}@{'a' * 16}", run_id=run_id))
    report = explained(drawn, image)
    assert (report.run_id, report.run_is_here) == (run_id, False)


def test_a_reference_that_leads_out_of_the_project_is_not_read(drawn: World) -> None:
    outside = drawn.root.parent / "portrait.png"
    outside.write_bytes((drawn.root / story.PORTRAIT).read_bytes())
    lose_runs(drawn)
    drawn.write(story.INES, drawn.read(story.INES).replace(story.PORTRAIT, "../portrait.png"))
    (reference,) = explained(drawn, bowl(drawn)).references
    assert (reference.path, reference.now) == ("../portrait.png", "missing")


def test_a_prompt_that_was_rewritten_in_entry_and_story_is_told_of(drawn: World) -> None:
    lose_runs(drawn)
    for file in (story.INES, story.IDEAS):
        drawn.write(file, drawn.read(file).replace("elbows", "knees"))
    report = explained(drawn, bowl(drawn))
    assert "knees" in (report.prompt or "")
    assert "the prompt was changed since" in report.warnings[0]


def test_a_damaged_ledger_and_a_broken_file_are_warnings(drawn: World) -> None:
    drawn.run.outcomes_file.write_text(f'{{"key": "{explained(drawn, bowl(drawn)).task_key}"}}\n')
    drawn.write(story.INES, "image_inventory: [\n")
    report = explained(drawn, bowl(drawn))
    assert report.known_by == ("picture",)
    assert any("outcomes.jsonl is damaged" in warning for warning in report.warnings)
    assert any(warning.startswith(f"{story.INES}:2") for warning in report.warnings)


def test_a_story_that_cannot_be_planned_is_a_warning(drawn: World) -> None:
    drawn.write("chargen.yaml", "defaults: {character: {image_size: 9K}}\n")
    report = explained(drawn, bowl(drawn))
    assert (report.known_by, report.now) == (("picture", "entry", "run"), None)
    assert report.warnings == ("gemini-3-pro-image does not offer the image size 9K",)


def test_nothing_is_written_and_no_service_is_asked(drawn: World) -> None:
    before, connections = drawn.tree(), drawn.connections
    explained(drawn, bowl(drawn))
    assert (drawn.tree(), drawn.connections) == (before, connections)


def test_a_link_to_a_picture_is_the_picture(drawn: World) -> None:
    link = drawn.root.parent / "link.png"
    link.symlink_to(bowl(drawn))
    assert explained(drawn, link) == explained(drawn, bowl(drawn))


def test_the_pictures_own_project_is_looked_in_before_the_one_we_are_in(
    world: World, tmp_path: Path
) -> None:
    here = story.make(tmp_path / "other").root
    image = world.root / story.PORTRAIT
    found = explain.project_of(image, None, here, {})
    assert found is not None
    assert found.root == world.root
    outside = explain.project_of(by_hand(world), None, here, {})
    assert outside is not None
    assert outside.root == here


def test_outside_of_any_project_there_is_none(world: World, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    assert explain.project_of(by_hand(world), None, nowhere, {}) is None
    with pytest.raises(ConfigError, match="does not exist"):
        explain.project_of(by_hand(world), tmp_path / "none", nowhere, {})
