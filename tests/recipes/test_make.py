"""examples/Makefile.fragment, included as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.recipes.running import EXAMPLES, PICTURES, Place

if TYPE_CHECKING:
    import subprocess

FRAGMENT = EXAMPLES / "Makefile.fragment"


def make(home: Place, *words: str) -> subprocess.CompletedProcess[str]:
    (home.story / "Makefile").write_text(f"all:\n\techo mine\ninclude {FRAGMENT}\n")
    variables = {"TMPDIR": str(home.home), "CHARGEN_BATCH__POLL_INTERVAL_S": "0.1"}
    return home.run("make", "--no-print-directory", *words, **variables)


def test_the_makefile_that_includes_it_keeps_its_first_target(home: Place) -> None:
    assert make(home).stdout == "echo mine\nmine\n"


def test_every_target_is_declared_as_no_file() -> None:
    text = FRAGMENT.read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony.split() == re.findall(r"^(story-[a-z]+):", text, re.MULTILINE)


def test_checking_and_planning_write_nothing(home: Place) -> None:
    planned = make(home, "story-check", "story-plan", "SCOPE=chapters")
    assert planned.returncode == 0, planned.stderr
    assert "to draw, about $" in planned.stdout
    assert home.runs() == []


def test_a_mistake_in_the_story_stops_make(home: Place) -> None:
    (home.story / "locations/saltpan-quay/imagery.yaml").write_text("zones: none\n")
    assert make(home, "story-check").returncode == 2


def test_drawing_ends_with_the_pictures_and_the_report(home: Place) -> None:
    ran = make(home, "story-draw", "YES=--yes")
    assert (ran.returncode, home.phases()) == (0, ["completed"]), ran.stderr
    assert home.drawn() == PICTURES
    assert make(home, "story-report").returncode == 0


def test_resuming_is_no_failure_while_jobs_are_at_work(home: Place) -> None:
    for phase in ("plan", "stage", "submit"):
        assert home.command(phase).returncode == 0
    assert make(home, "story-resume").returncode == 0
    assert make(home, "story-resume").returncode == 0
    assert home.phases() == ["completed"]


def test_a_rehearsal_leaves_the_story_as_it_is(home: Place) -> None:
    ran = make(home, "story-rehearse", "SCOPE=chapters")
    assert ran.returncode == 0, ran.stderr
    assert (home.runs(), home.drawn()) == ([], 0)
    (copy,) = re.findall(r"^rehearsed in (.+)$", ran.stdout, re.MULTILINE)
    assert list(Path(copy).glob("chapters/*/images/*.png")) != []
