"""What a program is told when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch import (
    BatchError,
    ConfigError,
    ExitCode,
    PlanningError,
    Project,
    ResultsError,
    Run,
    StateError,
    SystemRefusedError,
)
from tests.api.conftest import downloaded, written

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Project.open(tmp_path / "nowhere")


def test_settings_that_do_not_hold(folder: Path) -> None:
    (folder / "chargen.yaml").write_text("batch: {backends: gemini}\n")
    with pytest.raises(ConfigError) as caught:
        Project.open(folder)
    assert "backends" in caught.value.problems[0].message


def test_a_key_is_missed_only_where_it_is_needed(folder: Path) -> None:
    with Project.open(folder, backend="gemini") as project:
        run = written(project)
        with pytest.raises(ConfigError, match="there is no API key") as caught:
            run.stage()
    assert caught.value.exit_code is ExitCode.PROBLEMS


def test_a_story_with_mistakes_in_it(project: Project) -> None:
    broken = project.root / "characters/wren-halloway/image-ideas.yaml"
    broken.write_text("scenes: [\n")
    assert project.validate().problems
    with pytest.raises(PlanningError) as caught:
        project.plan()
    assert caught.value.problems[0].file == "characters/wren-halloway/image-ideas.yaml"
    assert project.plan(skip_invalid=True).tasks


def test_a_plan_that_costs_too_much(project: Project) -> None:
    with pytest.raises(PlanningError, match="USD"):
        project.plan(max_cost_usd=0.01)


def test_a_phase_whose_turn_it_is_not(run: Run) -> None:
    with pytest.raises(StateError, match="planned"):
        run.download()


def test_a_run_that_is_not_there(project: Project) -> None:
    with pytest.raises(StateError, match="there is no current run"):
        project.run()
    with pytest.raises(StateError, match="there is no run 2026"):
        project.run("2026")


def test_a_rehearsal_is_not_entered_unasked(folder: Path) -> None:
    (folder / "chargen.yaml").write_text("batch: {max_tasks_per_job: 10}\n")
    with Project.open(folder, backend="emulator") as project:
        run = downloaded(written(project))
        with pytest.raises(ResultsError, match="rehearsal"):
            run.apply()
        assert run.apply(rehearsal_ok=True).completed == 2


def test_what_the_operating_system_refuses_is_one_of_ours(run: Run) -> None:
    state = run.path / "state.json"
    state.unlink()
    state.mkdir()
    for asked in (run.status, run.stage, lambda: run.phase):
        with pytest.raises(SystemRefusedError, match=r"state\.json"):
            asked()


def test_an_error_has_what_the_command_would_print(run: Run) -> None:
    with pytest.raises(BatchError) as caught:
        run.apply()
    error = caught.value
    assert (error.code, error.exit_code) == ("STATE_ERROR", ExitCode.WRONG_PHASE)
    assert error.message
    assert error.hint == f"type: chargen-batch stage --run {run.id}"


@pytest.mark.parametrize(
    "asked",
    [
        {"scope": "nix"},
        {"mode": "nix"},
        {"skip": "nix"},
        {"prompt_mode": "nix"},
        {"only": "bas-pellam"},
        {"only": [7]},
        {"target": 7},
        {"portraits": "no"},
        {"variants": 0},
        {"variants": "a"},
        {"max_tasks": -1},
        {"max_cost_usd": -1.0},
        {"max_cost_usd": float("nan")},
    ],
    ids=str,
)
def test_a_choice_that_there_is_not(project: Project, asked: dict[str, Any]) -> None:
    (name,) = asked
    with pytest.raises(ConfigError, match=f"^{name}="):
        project.plan(**asked)


def test_one_word_is_no_list_of_letters(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"^only=") as caught:
        project.validate(only="bas-pellam")
    assert caught.value.hint == "give only=['bas-pellam']"
    with pytest.raises(ConfigError, match=r"^scope="):
        project.validate(scope="nix")  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-1, float("nan"), "a"])
def test_a_time_that_is_none(run: Run, seconds: Any) -> None:  # noqa: ANN401
    with pytest.raises(ConfigError, match=r"^interval_s="):
        run.poll(wait=True, interval_s=seconds)
    with pytest.raises(ConfigError, match=r"^timeout_s="):
        run.resume(wait=True, timeout_s=seconds)
    with pytest.raises(ConfigError, match=r"^lock_timeout_s="):
        Project.open(run.path.parents[2], lock_timeout_s=seconds)


def test_a_service_that_there_is_not(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Project.open(folder, backend="nix")  # type: ignore[arg-type]
    assert "batch.backend" in str(caught.value.problems[0])
