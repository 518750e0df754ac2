"""run: every phase in one go, as a script types it and as a person does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.cli import run_view, views
from chargen_batch.emulator.faults import Fault
from tests.cli.test_resume import naming_the_emulator
from tests.cli.test_waiting import two_tries  # noqa: F401 - a fixture
from tests.cli.test_which_run import acted_on
from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator
    from tests.cli.conftest import Shell, Typed

ONE_GO = "run --yes --interval 0.05"


@pytest.fixture
def rehearsing(shell: Shell) -> Shell:
    """Give a story that is there to rehearse with."""
    return naming_the_emulator(shell)


def runs_of(shell: Shell) -> list[str]:
    """Return the ids of the runs that a project has."""
    folder = shell.root / ".chargen" / "batch"
    return sorted(path.parent.name for path in folder.glob("*/state.json"))


def answering(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> list[str]:
    """Let somebody be there who answers; return what they are asked."""
    asked: list[str] = []

    def confirm(question: str, **_: Any) -> bool:  # noqa: ANN401 - Typer's options
        asked.append(question)
        return yes

    monkeypatch.setattr("chargen_batch.cli.terminal.has_a_person", lambda: True)
    monkeypatch.setattr("typer.confirm", confirm)
    return asked


def jobs_created(shell: Shell) -> int:
    """Return how many jobs the emulator was asked to create."""
    ledger = shell.root / ".chargen" / "emulator" / "requests.ndjson"
    lines = ledger.read_text("utf-8").splitlines() if ledger.exists() else []
    return sum(json.loads(line)["method"] == "batches.create" for line in lines)


def test_one_command_goes_from_the_story_to_the_report(rehearsing: Shell) -> None:
    typed = rehearsing(ONE_GO)
    (run_id,) = runs_of(rehearsing)
    assert (typed.code, rehearsing.phase(run_id)) == (0, "completed")
    lines = typed.out.splitlines()
    assert lines[1].startswith("5 to draw, about $")
    assert f"run {run_id}: completed, 5 of 5 done, 0 failed, 0 open, 0 left out" in lines
    assert f"report: {rehearsing.root / '.chargen/batch' / run_id / 'report.html'}" in lines


def test_the_story_is_looked_at_once_and_the_run_is_told_of(rehearsing: Shell) -> None:
    typed = rehearsing(f"{ONE_GO} --target door-opens --events -")
    (run_id,) = runs_of(rehearsing)
    lines = [json.loads(line) for line in typed.out.splitlines()]
    plans = [line["runId"] for line in lines if line.get("command") == "plan"]
    assert plans == [None, None, None, run_id]
    read = [line["done"] for line in lines if line.get("step") == "planning"]
    assert read == sorted(set(read))


def test_second_one_finds_nothing_to_do(rehearsing: Shell) -> None:
    rehearsing(ONE_GO)
    typed = rehearsing(ONE_GO)
    assert (typed.code, typed.out.splitlines()[-1]) == (0, "nothing to do")
    assert (len(runs_of(rehearsing)), jobs_created(rehearsing)) == (1, 3)


def test_plan_options_are_understood(rehearsing: Shell) -> None:
    rehearsing(f"{ONE_GO} --scope locations --max-tasks 1")
    (run_id,) = runs_of(rehearsing)
    assert "1 of 1 done" in rehearsing.typed[-1].out
    state = json.loads((rehearsing.root / f".chargen/batch/{run_id}/state.json").read_text())
    assert state["config"]["scope"] == "locations"


def test_without_yes_and_without_a_person_nothing_is_written(rehearsing: Shell) -> None:
    typed = rehearsing("run --scope characters --only ines")
    assert (typed.code, runs_of(rehearsing)) == (3, [])
    hint = typed.err.splitlines()[-1]
    told = f"run --scope characters --only ines --project {rehearsing.root} --yes"
    assert hint == f"hint: type: chargen-batch {told}"


def test_person_is_shown_the_table_and_asked(
    rehearsing: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, yes=True)
    typed = rehearsing("run --interval 0.05")
    assert asked == ["Drawing 5 picture(s), about $0.338 if it were paid (rehearsal). Go on?"]
    assert typed.code == 0
    assert typed.out.startswith("entity ")


def test_person_who_says_no_leaves_nothing_behind(
    rehearsing: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, yes=False)
    typed = rehearsing("run")
    assert (typed.code, runs_of(rehearsing)) == (3, [])
    assert typed.err.endswith("nothing was submitted, and nothing is paid\n")


def test_price_is_in_the_question_where_it_is_paid(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, yes=False)
    assert shell("run --backend gemini").code == 3
    (question,) = asked
    assert question.startswith("Drawing 5 picture(s) costs about $0.")


def test_rehearsal_in_a_real_story_says_what_is_asked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, yes=True)
    typed = shell("run --backend emulator --interval 0.05")
    assert (typed.code, len(asked)) == (0, 1)
    assert "chargen.yaml does not name the emulator" in typed.err


def test_dry_run_and_check_are_plans(rehearsing: Shell) -> None:
    assert rehearsing("run --dry-run").out == rehearsing("plan --dry-run").out
    assert rehearsing("run --check").code == 10
    assert runs_of(rehearsing) == []


def test_run_that_was_planned_for_just_this_is_taken(rehearsing: Shell) -> None:
    run_id = rehearsing.plan("--scope characters")
    typed = rehearsing(f"{ONE_GO} --scope characters")
    assert f"run {run_id} was planned for just this, and is taken" in typed.err
    assert (runs_of(rehearsing), rehearsing.phase(run_id)) == ([run_id], "completed")


def test_run_that_was_planned_for_something_else_is_left_alone(rehearsing: Shell) -> None:
    run_id = rehearsing.plan("--scope locations")
    assert rehearsing(f"{ONE_GO} --scope characters").code == 0
    assert rehearsing.phase(run_id) == "planned"


def test_own_unfinished_run_is_finished_and_nothing_else_planned(rehearsing: Shell) -> None:
    run_id = rehearsing.plan()
    rehearsing.emulated("stage", "submit")
    typed = rehearsing(f"{ONE_GO} --skip target")
    assert (typed.code, runs_of(rehearsing)) == (0, [run_id])
    assert f"run {run_id} of " in typed.err
    assert " is submitted: it is finished first\n" in typed.err


def test_other_unfinished_run_is_finished_before_what_is_asked_for(rehearsing: Shell) -> None:
    first = rehearsing.plan("--scope characters")
    rehearsing.emulated("stage", "submit")
    typed = rehearsing(f"{ONE_GO} --scope locations --json")
    assert (typed.code, acted_on(typed)) == (0, runs_of(rehearsing))
    assert acted_on(typed)[0] == first
    assert typed.document["plan"]["runId"] == acted_on(typed)[1]


def test_run_on_another_backend_is_left_alone(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    (run_id,) = runs_of(shell)
    typed = shell("run --backend gemini")
    assert (typed.code, run_id in typed.err, shell.phase(run_id)) == (3, False, "submitted")


def trouble(shell: Shell, text: str) -> None:
    """Tell the embedded emulator to misbehave."""
    folder = shell.root / ".chargen" / "emulator"
    folder.mkdir(parents=True)
    (folder / "trouble.toml").write_text(text)


def test_failed_tasks_are_4_and_say_how_to_send_them_again(rehearsing: Shell) -> None:
    trouble(rehearsing, '[rows]\n"character/*" = "text_only"\n')
    typed = rehearsing(f"{ONE_GO} --scope characters")
    (run_id,) = runs_of(rehearsing)
    assert typed.code == 4
    assert typed.err.splitlines()[-1] == (f"hint: next, type: chargen-batch retry --run {run_id}")


def test_time_out_is_75_and_the_same_command_goes_on(rehearsing: Shell) -> None:
    assert rehearsing("run --yes --timeout 0").code == 75
    assert rehearsing(ONE_GO).code == 0
    assert (len(runs_of(rehearsing)), jobs_created(rehearsing)) == (1, 3)


@pytest.mark.usefixtures("two_tries")
def test_service_that_is_not_reached_before_anything_is_there_is_7(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GEMINI_API_KEY", "any")
    typed = shell("run --yes --scope locations")
    (run_id,) = runs_of(shell)
    assert (typed.code, shell.phase(run_id)) == (7, "staging")
    hint = f"to go on, type: chargen-batch run --project {shell.root} --yes --scope locations"
    assert typed.err.splitlines()[-1].endswith(hint)
    assert "waiting all the same" not in typed.err
    again = shell(f"resume --wait --yes --run {run_id} --json").document["runs"][0]
    assert again["error"]["hint"].endswith(f"--yes --run {run_id} --json")


@pytest.mark.usefixtures("two_tries")
def test_trouble_is_waited_through_once_something_is_there(shell: Shell, served: Emulator) -> None:
    served.faults.add("batches.get", *[Fault("status:503")] * 4)
    typed = shell(f"{ONE_GO} --scope locations --timeout 60")
    assert (typed.code, "waiting all the same" in typed.err) == (0, True)


def test_what_was_shown_is_drawn_though_the_story_changes_meanwhile(
    rehearsing: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edits(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever is asked
        file = rehearsing.root / story.KILN
        file.write_text(file.read_text().replace("White smoke", "Black smoke"))

    answering(monkeypatch, yes=True)
    monkeypatch.setattr(run_view, "ask_for_plan", edits)
    assert rehearsing("run --interval 0.05 --target first-smoke").code == 0
    (run_id,) = runs_of(rehearsing)
    typed = rehearsing(f"show first-smoke --run {run_id}")
    assert "White smoke stands" in typed.out.partition("\nprompt\n")[2]
    assert "the story asks for another prompt now" in typed.err


def test_open_opens_the_report(rehearsing: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(views, "open_page", opened.append)
    rehearsing(f"{ONE_GO} --open")
    (run_id,) = runs_of(rehearsing)
    assert opened == [rehearsing.root / ".chargen" / "batch" / run_id / "report.html"]


def test_json_is_one_document(rehearsing: Shell) -> None:
    typed: Typed = rehearsing(f"{ONE_GO} --json")
    assert (typed.err, typed.document["command"], len(typed.document["runs"])) == ("", "run", 1)
    again = rehearsing(f"{ONE_GO} --json").document
    assert (again["note"], again["runs"], again["plan"]["runId"]) == ("nothing to do", [], None)


def test_quiet_prints_nothing(rehearsing: Shell) -> None:
    typed = rehearsing(f"{ONE_GO} --quiet")
    assert (typed.code, typed.out, typed.err) == (0, "", "")


def test_its_end_says_where_all_is_and_what_comes_next(shell: Shell) -> None:
    typed = shell.emulated("run --yes --interval 0.05")
    *_, pictures, page, forgotten = typed.out.splitlines()
    assert pictures == "pictures: in images/ of each character, location and chapter"
    assert page.startswith("report: ")
    assert forgotten.endswith("were removed from the service (the results are here)")
    assert "hint: next, type: chargen-batch review --backend emulator" in typed.err
