from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.errors import ExitCode
from chargen_batch.phases.plan import PlanChoices
from tests.analyses import APPEARANCE, IMAGE
from tests.phases import analysing, lines, story
from tests.phases.analysing import ANALYZE, TARGETS, analysis_line, answered
from tests.phases.crashing import Crash, CrashingService, Power, under
from tests.phases.story import portrait
from tests.phases.world import COMMANDS
from tests.service.lines import error_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World
    from tests.service.lines import Line

TO_APPLY = COMMANDS[:-1]
TOMAS = "characters/tomas/imagery.yaml"


@pytest.fixture
def studio(tmp_path: Path) -> World:
    """Give the potter's story with three targets of analysis."""
    return analysing.make(tmp_path / "story")


def states(world: World, choices: PlanChoices = ANALYZE) -> dict[str, str]:
    return {one.target.target_id: one.state for one in world.plan(choices).verdicts}


def answers(world: World) -> dict[str, Any]:
    found = {name: outcome.analysis_json for name, outcome in world.outcomes.items()}
    return {name: json.loads(text) for name, text in found.items() if text}


def test_plan_makes_a_task_for_each_picture_and_appearance(studio: World) -> None:
    report = studio.plan(ANALYZE)
    tasks = [verdict.task for verdict in report.planned]
    assert [task.target_id for task in tasks] == list(TARGETS)
    assert {task.kind for task in tasks} == {"analyze"}
    assert [task.response_schema_version for task in tasks] == [
        *("image/1", "appearance/1", "image/1"),
    ]
    assert [image.role for task in tasks for image in task.input_images] == [
        *("image", "portrait", "image"),
    ]
    assert report.summary.by_entity_type == {"character": 2, "chapter": 1}


def test_task_of_an_analysis_asks_for_json_and_for_no_picture(studio: World) -> None:
    (task, *_) = (verdict.task for verdict in studio.plan(ANALYZE).planned)
    assert (task.response_mime_type, task.model) == ("application/json", "gemini-3.5-flash")
    assert (task.aspect_ratio, task.image_size, task.temperature) == (None, None, None)
    assert (task.reference_images, task.negative_prompt, task.variant) == ((), "", 1)
    assert task.estimate.images == 0
    assert task.estimate.cost_usd


def test_run_says_its_mode_and_model(studio: World) -> None:
    analysing.run(studio)
    assert (studio.state.config.mode, studio.state.config.model) == ("analyze", "gemini-3.5-flash")


def test_another_model_may_be_asked(studio: World) -> None:
    report = studio.plan(PlanChoices(mode="analyze", model="gemini-3.8-flash"))
    assert {verdict.task.model for verdict in report.planned} == {"gemini-3.8-flash"}


def test_filters_choose_among_pictures(studio: World) -> None:
    assert list(states(studio, PlanChoices(mode="analyze", target="*.jpg"))) == ["door.jpg"]
    report = studio.plan(PlanChoices(mode="analyze", max_tasks=1))
    assert [verdict.planned for verdict in report.verdicts] == [True, False, False]


def test_drawing_does_not_plan_analyses(studio: World) -> None:
    assert set(states(studio, PlanChoices())).isdisjoint(TARGETS)


def test_requests_show_the_uploaded_picture_and_carry_the_schema(studio: World) -> None:
    analysing.run(studio, "stage")
    raw = studio.run.request_file(1).read_text().splitlines()
    request = json.loads(raw[0])["request"]
    shown, text = request["contents"][0]["parts"]
    assert shown["fileData"]["fileUri"] in {file.uri for file, _ in studio.service.files.values()}
    assert "Ines Brandao" in text["text"]
    config = request["generationConfig"]
    assert config["responseJsonSchema"]["properties"].keys() == IMAGE.keys()


def test_run_ends_with_checked_answers_in_the_ledger(studio: World) -> None:
    analysing.run(studio, *TO_APPLY)
    assert answers(studio) == {"bowl.png": IMAGE, "appearance": APPEARANCE, "door.jpg": IMAGE}
    outcomes = studio.outcomes.values()
    assert {(end.stage, end.status, end.image_path) for end in outcomes} == {
        ("settled", "success", None)
    }
    state = studio.state
    assert (state.phase, state.completed_tasks, state.failed_tasks) == ("completed", 3, 0)


def test_analysis_writes_sidecars_entries_and_appearances_and_nothing_else(studio: World) -> None:
    before = studio.tree()
    analysing.run(studio, *COMMANDS)
    after = {name: raw for name, raw in studio.tree().items() if not name.startswith(".chargen/")}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        *(f"{name}.analysis.json" for name in (analysing.BOWL, analysing.DOOR)),
        *(story.INES, story.CHAPTER, TOMAS),
    }
    assert before.keys() <= after.keys()


def test_report_counts_analyses(studio: World) -> None:
    studio.service.results = answered(bowl=error_line)
    analysing.run(studio, *TO_APPLY)
    report = studio.report()
    summary = report.report.summary
    assert (summary.total, summary.success, summary.failed) == (3, 2, 1)
    assert report.exit_code is ExitCode.SOME_TASKS_FAILED
    assert "BAD_ANALYSIS" not in report.page_file.read_text()


# What a line becomes: its error's code, and whether sending it again could help.
FAILURES: dict[str, tuple[Callable[[str], Line], str, bool]] = {
    "no JSON": (lambda key: lines.text_line(key, text="A bowl."), "BAD_ANALYSIS", True),
    "the wrong JSON": (lambda key: lines.text_line(key, text="{}"), "BAD_ANALYSIS", True),
    "half an answer": (lambda key: lines.text_line(key, "MAX_TOKENS", "{"), "BAD_ANALYSIS", True),
    "a picture": (lines.thoughtful_line, "BAD_ANALYSIS", True),
    "a refusal": (lambda key: lines.text_line(key, "SAFETY", ""), "SAFETY", False),
    "a blocked prompt": (lines.blocked_line, "BLOCKED_PROHIBITED_CONTENT", False),
    "a row error": (error_line, "ROW_ERROR_13", True),
    "no response": (lambda key: {"key": key}, "BAD_ANALYSIS", True),
}


@pytest.mark.parametrize(("line", "code", "retryable"), FAILURES.values(), ids=list(FAILURES))
def test_a_bad_answer_is_one_dead_letter_and_the_others_go_on(
    studio: World, line: Callable[[str], Line], code: str, *, retryable: bool
) -> None:
    studio.service.results = answered(bowl=line)
    analysing.run(studio, *TO_APPLY)
    assert studio.codes() == {"bowl.png": code}
    error = studio.outcomes["bowl.png"].error
    assert error is not None
    assert error.retryable == retryable
    assert (studio.state.phase, set(answers(studio))) == ("completed", {"appearance", "door.jpg"})


def test_a_task_whose_line_does_not_parse_is_missing(studio: World) -> None:
    studio.service.results = answered(bowl=lambda _key: b"{torn\n")
    analysing.run(studio, *TO_APPLY)
    assert studio.codes() == {"bowl.png": "MISSING_RESULT"}


def test_of_several_lines_the_first_good_one_counts(studio: World) -> None:
    def thrice(key: str) -> bytes:
        other = lines.text_line(key, text=json.dumps(IMAGE | {"title": "Second"}))
        several = (lines.text_line(key, text="?"), analysis_line(key), other)
        return b"".join(json.dumps(line).encode() + b"\n" for line in several)

    studio.service.results = answered(bowl=thrice)
    analysing.run(studio, *TO_APPLY)
    assert answers(studio)["bowl.png"] == IMAGE


def test_a_picture_that_changed_after_the_plan_is_not_sent(studio: World) -> None:
    analysing.run(studio)
    studio.write(analysing.BOWL, portrait("gold"))
    studio.do_all(*TO_APPLY)
    assert studio.codes() == {"bowl.png": "REFERENCE_CHANGED"}
    assert set(answers(studio)) == {"appearance", "door.jpg"}


def test_an_entity_that_vanished_keeps_its_answer_in_the_ledger(studio: World) -> None:
    analysing.run(studio, *TO_APPLY[:-1])
    (studio.root / "chapters").rename(studio.root / "elsewhere")
    assert studio.apply().exit_code is ExitCode.DONE
    assert set(answers(studio)) == set(TARGETS)


def test_what_the_story_describes_now_is_not_asked_again(studio: World) -> None:
    analysing.run(studio, *COMMANDS)
    report = studio.plan(ANALYZE)
    assert (report.run_id, report.verdicts) == (None, ())


def taken_out(world: World, *, sidecars: bool) -> None:
    """Take out of the story what apply wrote, as a person does."""
    for name in (story.INES, story.CHAPTER):
        world.write(name, story.STORY[name])
    (world.root / TOMAS).unlink()
    for path in world.root.rglob("*.analysis.json") if sidecars else ():
        path.unlink()


def test_what_a_person_took_out_is_done_and_asked_again_only_when_told(studio: World) -> None:
    analysing.run(studio, *COMMANDS)
    taken_out(studio, sidecars=True)
    assert states(studio) == dict.fromkeys(TARGETS, "done")
    planned = studio.plan(PlanChoices(mode="analyze", skip="none")).planned
    assert [verdict.task.variant for verdict in planned] == [2, 2, 2]


def test_a_sidecar_answers_for_its_picture_also_without_the_run(studio: World) -> None:
    analysing.run(studio, *COMMANDS)
    taken_out(studio, sidecars=False)
    shutil.rmtree(studio.root / ".chargen")
    assert states(studio) == {"appearance": "new"}
    studio.write(analysing.BOWL, portrait("gold"))
    assert states(studio) == {"bowl.png": "new", "appearance": "new"}


def test_what_a_job_holds_is_in_flight(studio: World) -> None:
    analysing.run(studio, "stage", "submit")
    report = studio.plan(ANALYZE)
    assert {verdict.state for verdict in report.verdicts} == {"in_flight"}
    assert report.planned == ()


def test_what_was_refused_is_asked_again_only_when_told(studio: World) -> None:
    studio.service.results = answered(bowl=lambda key: lines.text_line(key, "SAFETY", ""))
    analysing.run(studio, *COMMANDS[:-1])
    assert states(studio)["bowl.png"] == "refused"
    again = PlanChoices(mode="analyze", retry_refused=True)
    assert [verdict.task.target_id for verdict in studio.plan(again).planned] == ["bowl.png"]


def test_apply_that_crashes_anywhere_ends_the_same(tmp_path: Path) -> None:
    start = analysing.make(tmp_path / "start", CrashingService)
    start.service.results = answered(bowl=error_line)
    analysing.run(start, *TO_APPLY[:-1])
    whole, power = start.copy(tmp_path / "whole"), Power()
    with under(power, whole):
        whole.apply()
    for point in power.points():
        crashed = start.copy(tmp_path / f"{point.number}-{point.how}")
        with under(Power(out_at=point), crashed), pytest.raises(Crash):
            crashed.apply()
        crashed.apply()
        assert (point, crashed.tree()) == (point, whole.tree())
