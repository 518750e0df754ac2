"""examples/crontab: its command lines, read and run the way cron does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.recipes.running import EXAMPLES, PICTURES, Place

if TYPE_CHECKING:
    import subprocess

LINES = (EXAMPLES / "crontab").read_text("utf-8").splitlines()
VARIABLES = dict(line.split("=") for line in LINES if re.match(r"[A-Z]+=", line))
JOBS = [line for line in LINES if line and not line.startswith("#") and line[0] in "*0123456789"]
POLLING, PLANNING, CLEANING = (line.split(maxsplit=5)[5] for line in JOBS)
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def cron(home: Place, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as cron does: from home, nearly without an environment, by its shell."""
    set_by_cron = {"LOGNAME": "me", "SHELL": VARIABLES["SHELL"]}
    line = f'cd "$HOME" && {command}'
    return home.run(VARIABLES["SHELL"], "-c", line, path="/usr/bin:/bin", **set_by_cron)


def test_every_line_is_a_comment_a_variable_or_a_job() -> None:
    known = [line for line in LINES if not line or line.startswith("#") or "=" in line[:6]]
    assert len(known) + len(JOBS) == len(LINES)
    assert VARIABLES == {"SHELL": "/bin/sh"}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_has_five_times_and_no_percent_sign(job: str) -> None:
    for given, (least, most) in zip(job.split()[:5], FIELDS, strict=True):
        every = re.fullmatch(r"\*(?:/(\d+))?|(\d+)", given)
        assert every
        assert all(least <= int(number) <= most for number in every.groups() if number)
    assert "%" not in job  # cron would make a line end of it


def test_polling_brings_a_submitted_run_to_its_end_without_a_word(home: Place) -> None:
    for phase in ("plan", "stage", "submit"):
        assert home.command(phase).returncode == 0
    rounds = [cron(home, POLLING) for _ in range(3)]
    assert [ran.returncode for ran in rounds] == [75, 0, 0]
    assert {ran.stdout + ran.stderr for ran in rounds} == {""}
    assert (home.phases(), home.drawn()) == (["completed"], PICTURES)
    assert (home.runs()[0] / "report.html").is_file()


def test_polling_leaves_alone_what_was_only_planned(home: Place) -> None:
    assert home.command("plan").returncode == 0
    ran = cron(home, POLLING)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    assert home.phases() == ["planned"]


def test_planning_submits_what_is_new_and_polling_ends_it(home: Place) -> None:
    first, then = cron(home, PLANNING), cron(home, POLLING)
    assert [(ran.returncode, ran.stdout + ran.stderr) for ran in (first, then)] == [
        (75, ""),
        (0, ""),
    ]
    assert home.drawn() == PICTURES
    again = cron(home, PLANNING)
    assert (again.returncode, again.stdout + again.stderr, len(home.runs())) == (0, "", 1)


def test_a_plan_that_costs_more_than_the_line_allows_is_mailed(home: Place) -> None:
    ran = cron(home, PLANNING.replace("--max-cost 5", "--max-cost 1"))
    assert (ran.returncode, home.runs()) == (6, [])
    assert ran.stderr.startswith("error: the plan would cost about 1.62 USD")


def test_cleaning_keeps_what_ended_today(home: Place) -> None:
    for ran in (cron(home, PLANNING), cron(home, POLLING)):
        assert ran.stderr == ""
    ran = cron(home, CLEANING)
    assert (ran.returncode, len(home.runs())) == (0, 1)
