"""The CI recipes: read as YAML, their scripts run in order in a checkout, as the runner would."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pytest

import chargen_batch
from chargen_batch import yaml12
from tests.recipes.running import EXAMPLES, PICTURES, Place

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

GITHUB: Final[Any] = yaml12.load((EXAMPLES / "github-actions.yml").read_bytes(), where="github")
GITLAB: Final[Any] = yaml12.load((EXAMPLES / "gitlab-ci.yml").read_bytes(), where="gitlab")
STEPS: Final = GITHUB["jobs"]["story"]["steps"]
# What only a runner can do: told apart by name, and looked at instead.
INSTALL: Final = 'pip install "$PACKAGE"'
ACTIONS: Final = {"actions/checkout", "actions/setup-python", "actions/upload-artifact"}
BROKEN: Final = "zones: none\n"


def holds(condition: str, known: dict[str, str]) -> bool:
    """Say whether a step's ``if`` holds: comparisons with a text, joined by ``&&``."""
    sides = [each.split(" == ") for each in condition.split(" && ") if each]
    return all(known.get(name, "") == wanted.strip("'") for name, wanted in sides)


def actions(home: Place, **known: str) -> dict[str, subprocess.CompletedProcess[str]]:
    """Run the steps of the workflow as GitHub does, up to the first that fails."""
    output = home.home / "output"
    ran: dict[str, subprocess.CompletedProcess[str]] = {}
    for step in STEPS:
        if step.get("run", INSTALL) == INSTALL or not holds(step.get("if", ""), known):
            continue
        output.write_text("")
        variables = {**step.get("env", {}), "GITHUB_OUTPUT": str(output)}
        ran[step["name"]] = home.run("bash", "-e", "-c", step["run"], **variables)
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        if ran[step["name"]].returncode:
            break
    return ran


def pipeline(home: Place, name: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a GitLab job as its runner does: in one shell, up to a failure."""
    script = "\n".join(GITLAB[name]["script"])
    return home.run("sh", "-e", "-c", script, **GITLAB[name].get("variables", {}))


def kept(home: Place, patterns: list[str], to: Path) -> Path:
    """Copy what the patterns of an artefact name, in the folders that it is in."""
    for file in {file for pattern in patterns for file in home.story.glob(pattern.rstrip("/"))}:
        aim = to / file.relative_to(home.story)
        aim.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if file.is_dir() else shutil.copy2)(file, aim)
    return to


def shown(report: Path) -> list[Path]:
    """Return the pictures that a report's page shows."""
    sources = re.findall(r'<img[^>]* src="([^"#]+)"', report.read_text("utf-8"))
    return [report.parent / unquote(source) for source in sources]


ARTEFACTS: Final = {
    "github": STEPS[-2]["with"]["path"].split(),
    "gitlab": GITLAB["rehearse"]["artifacts"]["paths"],
}


def test_what_only_a_runner_can_do_is_pinned() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert {action.split("@")[0] for action in used} == ACTIONS
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)
    assert GITLAB["default"]["before_script"] == [INSTALL]
    assert re.fullmatch(r"python:3\.\d+-slim", GITLAB["default"]["image"])
    assert [step["run"] for step in STEPS if step["name"] == "Install"] == [INSTALL]


@pytest.mark.parametrize("variables", [GITHUB["env"], GITLAB["variables"]])
def test_the_version_that_is_installed_is_this_one(variables: dict[str, Any]) -> None:
    assert variables == {"PACKAGE": f"chargen-batch=={chargen_batch.__version__}"}


def test_steps_and_jobs_are_of_the_shape_that_the_runners_read() -> None:
    assert {*GITHUB} == {"name", "on", "permissions", "env", "jobs"}
    assert all(("run" in step) != ("uses" in step) for step in STEPS)
    stages = {job["stage"] for job in GITLAB.values() if "script" in job}
    assert stages == {*GITLAB["stages"]}


def test_the_workflow_rehearses_what_is_left_to_draw(home: Place) -> None:
    ran = actions(home)
    assert {name: step.returncode for name, step in ran.items()} == {
        "Validate": 0,
        "Is anything left to draw?": 0,
        "Rehearse on the emulator": 0,
    }
    assert (home.phases(), home.drawn()) == (["completed"], PICTURES)


def test_the_workflow_stops_where_the_repository_says_so(home: Place) -> None:
    ran = actions(home, **{"vars.STORY_MUST_BE_DRAWN": "true"})
    assert ran["Stop where pictures are missing"].returncode == 10


def test_the_workflow_rehearses_nothing_where_every_picture_is_there(home: Place) -> None:
    actions(home)
    again = actions(home, **{"vars.STORY_MUST_BE_DRAWN": "true"})
    assert [*again] == ["Validate", "Is anything left to draw?"]
    assert len(home.runs()) == 1


def test_a_mistake_stands_at_its_line_of_the_pull_request(home: Place) -> None:
    (home.story / "locations/saltpan-quay/imagery.yaml").write_text(BROKEN)
    ran = actions(home)
    assert [(name, step.returncode) for name, step in ran.items()] == [("Validate", 6)]
    assert ran["Validate"].stdout.startswith(
        "::error file=locations/saltpan-quay/imagery.yaml,line=1"
    )


def test_the_jobs_check_and_rehearse(home: Place) -> None:
    codes = {name: pipeline(home, name).returncode for name in ("validate", "plan", "rehearse")}
    assert codes == {"validate": 0, "plan": 10, "rehearse": 0}
    assert GITLAB["plan"]["allow_failure"] == {"exit_codes": [10]}
    assert (home.phases(), home.drawn()) == (["completed"], PICTURES)
    assert [pipeline(home, name).returncode for name in ("plan", "rehearse")] == [0, 0]
    assert len(home.runs()) == 1


def test_a_mistake_ends_the_job_and_leaves_its_sarif(home: Place) -> None:
    (home.story / "locations/saltpan-quay/imagery.yaml").write_text(BROKEN)
    ran = pipeline(home, "validate")
    assert (ran.returncode, "imagery.yaml:1" in ran.stderr + ran.stdout) == (6, True)
    (artefact,) = GITLAB["validate"]["artifacts"]["paths"]
    (log,) = json.loads((home.story / artefact).read_bytes())["runs"]
    assert len(log["results"]) == 1


@pytest.mark.parametrize("recipe", ARTEFACTS)
def test_the_report_that_is_kept_shows_its_pictures(home: Place, recipe: str) -> None:
    ran = (
        actions(home)["Rehearse on the emulator"]
        if recipe == "github"
        else pipeline(home, "rehearse")
    )
    assert ran.returncode == 0, ran.stderr
    folder = kept(home, ARTEFACTS[recipe], home.home / "artefact")
    (report,) = folder.glob(".chargen/batch/*/report.html")
    pictures = shown(report)
    assert len(pictures) >= PICTURES
    assert [picture for picture in pictures if not picture.is_file()] == []
