"""examples/pipeline.sh as it stands, in the shells that people have."""

from __future__ import annotations

import pytest

from tests.recipes.running import EXAMPLES, PICTURES, Place

PIPELINE = str(EXAMPLES / "pipeline.sh")
SOON = {"CHARGEN_BATCH__POLL_INTERVAL_S": "0.1"}
SHELLS = ["dash", "bash"]  # sh is one of them, or much like the first


@pytest.mark.parametrize("shell", SHELLS)
def test_the_pipeline_draws_what_is_wanted_and_the_second_one_nothing(
    home: Place, shell: str
) -> None:
    first = home.run(shell, PIPELINE, **SOON)
    assert (first.returncode, home.phases()) == (0, ["completed"]), first.stderr
    assert home.drawn() == PICTURES
    assert (home.runs()[0] / "report.html").is_file()
    assert home.run(shell, PIPELINE, **SOON).returncode == 0
    assert len(home.runs()) == 1


def test_the_pipeline_is_a_program_of_its_own(home: Place) -> None:
    ran = home.run(PIPELINE, SCOPE="locations", **SOON)
    assert ran.returncode == 0, ran.stderr
    assert {path.parts[-4] for path in home.story.glob("*/*/images/*-*.png")} == {"locations"}


def test_another_project_and_a_limit_are_told_by_variables(home: Place) -> None:
    elsewhere = {"CHARGEN_PROJECT": str(home.story), "CHARGEN_RUN": "one-of-yesterday"}
    ran = home.run("sh", "-c", f"cd / && sh {PIPELINE}", MAX_COST="0.01", **elsewhere)
    assert ran.returncode == 6
    assert "the plan would cost about 1.62 USD" in ran.stderr
    assert home.runs() == []


def test_what_a_killed_one_left_is_finished_by_the_next(home: Place) -> None:
    for phase in ("plan", "stage", "submit"):
        assert home.command(phase).returncode == 0
    ran = home.run("sh", PIPELINE, **SOON)
    assert (ran.returncode, home.phases()) == (0, ["completed"]), ran.stderr
    assert home.drawn() == PICTURES


def test_a_task_that_failed_is_told_by_the_exit_code(home: Place) -> None:
    trouble = home.story / ".chargen/emulator/trouble.toml"
    trouble.parent.mkdir(parents=True)
    trouble.write_text('[rows]\n"character/wren*" = "blocked:PROHIBITED_CONTENT"\n')
    ran = home.run("sh", PIPELINE, **SOON)
    assert (ran.returncode, home.phases()) == (4, ["completed"]), ran.stderr
