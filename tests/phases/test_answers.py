"""What apply writes into the story for answered analyses, and which words it leaves."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from chargen_batch import yaml12
from chargen_batch.errors import ExitCode
from tests.analyses import APPEARANCE, IMAGE
from tests.phases import analysing, lines, story
from tests.phases.analysing import ANALYZE
from tests.phases.story import portrait
from tests.phases.test_analysis import TO_APPLY, TOMAS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

SIDECAR = f"{analysing.BOWL}.analysis.json"


@pytest.fixture
def studio(tmp_path: Path) -> World:
    """Give the potter's story with three targets of analysis."""
    return analysing.make(tmp_path / "story")


def inventory(world: World, name: str = story.INES) -> list[dict[str, Any]]:
    data = yaml12.load((world.root / name).read_bytes(), where=name)
    return cast("list[dict[str, Any]]", cast("Any", data)["image_inventory"])


def with_entry(world: World, entry: str) -> World:
    """Give Ines an entry for her bowl, and go through all phases."""
    text = world.read(story.INES).replace("[]   # nothing yet", f"\n  # the bowl\n  - {entry}")
    world.write(story.INES, text)
    return analysing.run(world, *TO_APPLY)


def test_a_sidecar_says_what_was_seen_in_which_picture_by_whom(studio: World) -> None:
    analysing.run(studio, *TO_APPLY)
    text = studio.read(SIDECAR)
    document = json.loads(text)
    (task, *_) = studio.run.tasks()
    assert document["analysis"] == IMAGE
    assert (document["schemaVersion"], document["schema"]) == (1, "image/1")
    assert (document["taskKey"], document["runId"]) == (task.key, studio.run.run_id)
    assert (document["provider"], document["model"]) == ("google", "gemini-3.5-flash")
    assert document["imageSha256"] == hashlib.sha256(portrait("red")).hexdigest()
    assert text.startswith('{\n  "schemaVersion": 1,\n')
    assert text.endswith("}\n")


def test_a_picture_without_an_entry_gets_one(studio: World) -> None:
    analysing.run(studio, *TO_APPLY)
    (entry,) = inventory(studio)
    assert (entry["id"], entry["path"]) == ("bowl", "images/bowl.png")
    assert entry["content"] == {
        "title": IMAGE["title"],
        "description": IMAGE["description"],
        "alt_text": IMAGE["altText"],
        "tags": IMAGE["tags"],
    }
    assert entry["analysis"]["palette"] == IMAGE["palette"]
    assert entry["analysis"]["canon"]["features_seen"] == ["grey coat"]
    assert entry["analysis"]["task_key"].startswith("character/ines/bowl.png@")
    assert "generation" not in entry


def test_an_appearance_is_entered_where_there_is_none(studio: World) -> None:
    studio.write(TOMAS, '# Tomas\nappearance: ""   # to come\nimage_inventory: []\n')
    analysing.run(studio, *TO_APPLY)
    quoted = json.dumps(APPEARANCE["appearance"])
    assert studio.read(TOMAS) == (
        f"# Tomas\nappearance: {quoted}   # to come\nimage_inventory: []\n"
    )


def test_an_appearance_makes_the_file_that_is_missing(studio: World) -> None:
    analysing.run(studio, *TO_APPLY)
    assert yaml12.load(studio.read(TOMAS).encode(), where="") == {
        "entity_type": "character",
        "slug": "tomas",
        "image_inventory": [],
        **APPEARANCE,
    }


def test_an_appearance_that_a_person_wrote_meanwhile_stays(studio: World) -> None:
    analysing.run(studio, *TO_APPLY[:-1])
    studio.write(TOMAS, "appearance: A boy.\n")
    assert studio.apply().exit_code is ExitCode.DONE
    assert studio.read(TOMAS) == "appearance: A boy.\n"
    assert studio.outcomes["appearance"].status == "success"


ENTRIES = {
    "some content": (
        "path: images/bowl.png\n    content:\n      title: My Bowl   # mine\n      tags: []"
    ),
    "content is null": "path: images/bowl.png\n    title: My Bowl   # mine\n    content:",
    "all at the top": "path: images/bowl.png\n    title: My Bowl   # mine\n    tags: []",
    "in flow": '{ path: "images/bowl.png", content: { title: "My Bowl", tags: null } }   # mine',
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_an_entry_is_completed_and_a_persons_words_stay(studio: World, entry: str) -> None:
    with_entry(studio, entry)
    (found,) = inventory(studio)
    said = {**found, **(found.get("content") or {})}
    assert (said["title"], said["tags"]) == ("My Bowl", IMAGE["tags"])
    assert (said["description"], said["alt_text"]) == (IMAGE["description"], IMAGE["altText"])
    assert found["analysis"]["mood"] == IMAGE["mood"]
    assert "  # the bowl\n" in studio.read(story.INES)
    assert "# mine" in studio.read(story.INES)
    assert studio.plan(ANALYZE).verdicts == ()


def test_an_analysis_that_another_tool_wrote_stays(studio: World) -> None:
    with_entry(studio, "{path: bowl.png, analysis: {mood: mine}}")
    (entry,) = inventory(studio)
    assert entry["analysis"] == {"mood": "mine"}
    assert entry["content"]["title"] == IMAGE["title"]


def test_a_sidecar_that_is_not_ours_or_was_edited_stays(studio: World) -> None:
    studio.write(SIDECAR, '{"mine": true}')
    analysing.run(studio, *TO_APPLY)
    (task, *_) = studio.run.tasks()
    beside = f"{analysing.BOWL}.{task.key_hash[:8]}.analysis.json"
    assert studio.read(SIDECAR) == '{"mine": true}'
    assert json.loads(studio.read(beside))["analysis"] == IMAGE


def test_where_no_sidecar_can_be_written_it_is_what_is_named(studio: World) -> None:
    analysing.run(studio, *TO_APPLY[:-1])
    (task, *_) = studio.run.tasks()
    beside = f"{analysing.BOWL}.{task.key_hash[:8]}.analysis.json"
    for name in (SIDECAR, beside):
        (studio.root / name).mkdir()
    (problem,) = studio.apply().problems
    assert str(problem).startswith(f"{beside}:")
    assert problem.message == "cannot be written: Is a directory"


@pytest.mark.parametrize("gone", [True, False])
def test_an_answer_about_a_picture_that_is_not_there_any_more_is_kept_in_the_ledger(
    studio: World, *, gone: bool
) -> None:
    analysing.run(studio, *TO_APPLY[:-1])
    before = studio.read(story.INES)
    if gone:
        (studio.root / analysing.BOWL).unlink()
    else:
        studio.write(analysing.BOWL, portrait("gold"))
    assert studio.apply().phase == "completed"
    outcome = studio.outcomes["bowl.png"]
    assert studio.codes() == {"bowl.png": "TARGET_VANISHED"}
    assert json.loads(outcome.analysis_json or "") == IMAGE
    assert (studio.read(story.INES), (studio.root / SIDECAR).exists()) == (before, False)


def test_a_broken_file_holds_up_only_its_own_answers(studio: World) -> None:
    analysing.run(studio, *TO_APPLY[:-1])
    whole = studio.read(story.INES)
    studio.write(story.INES, "image_inventory: [\n")
    report = studio.apply()
    assert ([problem.file for problem in report.problems], report.completed) == ([story.INES], 2)
    studio.write(story.INES, whole)
    assert (studio.apply().phase, studio.state.completed_tasks) == ("completed", 3)
    assert len(inventory(studio)) == 1


def test_a_file_that_takes_no_entry_is_told_of_before_anything_is_sent(studio: World) -> None:
    studio.write(story.INES, "image_inventory: none\n")
    assert studio.plan(ANALYZE).run_id
    with pytest.raises(Exception, match="image_inventory is not a list"):
        studio.stage()
    assert studio.service.files == {}


def test_a_rehearsals_words_do_not_count_and_make_room_for_the_real_ones(studio: World) -> None:
    studio.settings("backend: emulator, max_tasks_per_job: 9")
    studio.service.address = story.REHEARSAL
    analysing.run(studio, *TO_APPLY[:-1]).apply(rehearsal_ok=True)
    assert inventory(studio)[0]["analysis"]["provider"] == "emulator"
    text = studio.read(story.INES).replace(IMAGE["altText"], "Mine.")
    studio.write(story.INES, text)
    assert not (studio.root / TOMAS).exists()
    studio.settings("max_tasks_per_job: 9")
    studio.service.address = type(studio.service)(looks=1).address
    other = IMAGE | {"title": "The Real Title"}
    studio.service.results = analysing.answered(
        bowl=lambda key: lines.text_line(key, text=json.dumps(other))
    )
    analysing.run(studio, *TO_APPLY)
    (entry,) = inventory(studio)
    assert entry["analysis"]["provider"] == "google"
    assert (entry["content"]["title"], entry["content"]["alt_text"]) == ("The Real Title", "Mine.")
    assert json.loads(studio.read(SIDECAR))["provider"] == "google"
    assert studio.plan(ANALYZE).verdicts == ()
