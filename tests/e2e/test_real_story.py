"""The whole pipeline, command by command as processes, on a copy of a real story."""

from __future__ import annotations

import collections
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.e2e.commands import CommandLine, Ran, tree

SHARED = Path(__file__).parents[3] / "shared" / "story"
BROKEN = "locations/undershade-canyon/imagery.yaml"
CONFIG = "batch: {backend: emulator, max_tasks_per_job: 100}\n"
PHASES = (
    ("stage",),
    ("submit",),
    ("poll", "--wait", "--interval", "0.1"),
    ("download",),
    ("apply",),
    ("report",),
)
PLACEHOLDERS = (
    "generated_at",
    "file_name",
    "file_path",
    "provider",
    "model",
    "provider_metadata",
)

pytestmark = [
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real story is not beside the checkout"),
    pytest.mark.xdist_group("real-story"),
    pytest.mark.timeout(600),
]


@dataclass(frozen=True, slots=True)
class Finished:
    """A project in which every command was run once."""

    project: Path
    command: CommandLine
    run: Path
    planned: dict[str, Any]
    ended: dict[str, Ran]
    original: dict[str, Any]

    @property
    def tasks(self) -> list[dict[str, Any]]:
        lines = (self.run / "tasks.jsonl").read_text("utf-8").split("\n")
        return [json.loads(line) for line in lines if line]

    @property
    def calls(self) -> collections.Counter[str]:
        log = self.project / ".chargen/emulator/requests.ndjson"
        return collections.Counter(
            json.loads(line)["method"] for line in log.read_text("utf-8").splitlines()
        )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    project = tmp_path_factory.mktemp("real") / "story"
    shutil.copytree(SHARED, project, copy_function=shutil.copyfile)
    (project / BROKEN).unlink()
    (project / "chargen.yaml").write_text(CONFIG, "utf-8")
    (project / ".gitignore").write_text(".chargen/\n", "utf-8")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "as its author left it")
    original = imagery(project)
    command = CommandLine(project)
    planned = command("plan", "--scope", "all", "--skip", "none", "--json")
    assert planned.code == 0, planned.err
    command = command.with_variables(CHARGEN_RUN=planned.json["runId"])
    ended = {phase[0]: command(*phase) for phase in PHASES}
    run = project / ".chargen/batch" / planned.json["runId"]
    return Finished(project, command, run, planned.json, ended, original)


def git(project: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=project, check=True, capture_output=True, text=True
    )
    return done.stdout


def imagery(project: Path) -> dict[str, Any]:
    """Return every imagery.yaml's data by its path, read without our own code."""
    return {
        path.relative_to(project).as_posix(): yaml.load(path.read_bytes(), yaml.CSafeLoader)
        for path in sorted(project.glob("*/*/imagery.yaml"))
    }


def generated(data: object) -> list[dict[str, Any]]:
    """Return the entries with a task key, wherever they stand in a file's data."""
    if isinstance(data, dict):
        own = [data] if "task_key" in (data.get("generation") or {}) else []
        return own + [entry for child in data.values() for entry in generated(child)]
    if isinstance(data, list):
        return [entry for child in data for entry in generated(child)]
    return []


def test_every_command_ends_well(finished: Finished) -> None:
    assert {name: (ran.code, ran.err) for name, ran in finished.ended.items() if ran.code} == {}


def test_every_target_of_the_story_is_planned(finished: Finished) -> None:
    kinds = collections.Counter(task["entityType"] for task in finished.tasks)
    assert kinds == {"character": 189, "location": 142, "chapter": 74}
    assert finished.planned["summary"]["byEntityType"] == kinds
    assert len({task["key"] for task in finished.tasks}) == 405


def test_location_targets_are_zones_zone_images_overviews_and_beats(finished: Finished) -> None:
    places = collections.Counter(
        (path[0], "images" in path)
        for task in finished.tasks
        if task["entityType"] == "location"
        for path in [task["source"]["yamlPath"]]
    )
    assert places == {
        ("zones", False): 86,
        ("zones", True): 18,
        ("overview", False): 10,
        ("beat_images", False): 28,
    }


def test_the_run_is_five_jobs_of_at_most_a_hundred_tasks(finished: Finished) -> None:
    jobs = json.loads((finished.run / "state.json").read_bytes())["jobs"]
    assert [job["taskCount"] for job in jobs] == [100, 100, 100, 100, 5]
    assert finished.calls["batches.create"] == 5


def test_each_distinct_reference_is_uploaded_once(finished: Finished) -> None:
    references = {image["sha256"] for task in finished.tasks for image in task["referenceImages"]}
    assert finished.calls["files.upload.start"] == len(references) + 5


def test_every_picture_decodes_in_the_ratio_that_was_asked_for(finished: Finished) -> None:
    outcomes = settled(finished)
    assert len(outcomes) == 405
    for task in finished.tasks:
        with Image.open(finished.project / outcomes[task["key"]]["imagePath"]) as picture:
            picture.load()
            across, down = (int(part) for part in task["aspectRatio"].split(":"))
            assert picture.width / picture.height == pytest.approx(across / down, rel=0.02)


def settled(finished: Finished) -> dict[str, Any]:
    lines = (finished.run / "outcomes.jsonl").read_text("utf-8").split("\n")
    outcomes = [json.loads(line) for line in lines if line]
    return {each["key"]: each for each in outcomes if each["stage"] == "settled"}


def test_pictures_differ_from_target_to_target(finished: Finished) -> None:
    pictures = {
        (finished.project / outcome["imagePath"]).read_bytes()
        for outcome in settled(finished).values()
    }
    assert len(pictures) == 405


def test_every_task_has_one_entry_that_names_its_picture(finished: Finished) -> None:
    entries = [
        (path, entry)
        for path, data in imagery(finished.project).items()
        for entry in generated(data)
    ]
    keys = [entry["generation"]["task_key"] for _, entry in entries]
    assert sorted(keys) == sorted(task["key"] for task in finished.tasks)
    for path, entry in entries:
        assert (finished.project / path).parent.joinpath(entry["path"]).is_file()


def test_only_filled_placeholders_and_empty_lists_lose_a_line(finished: Finished) -> None:
    numbers = git(finished.project, "diff", "--numstat", "--", "*.yaml").splitlines()
    deleted = {line.split("\t")[2]: int(line.split("\t")[1]) for line in numbers}
    planned = {task["entitySlug"] for task in finished.tasks}
    expected = {
        path: lines_to_fill(path, data)
        for path, data in finished.original.items()
        if path.split("/")[1] in planned
    }
    assert {path: count for path, count in deleted.items() if count} == {
        path: count for path, count in expected.items() if count
    }


def lines_to_fill(path: str, data: Any) -> int:  # noqa: ANN401 - any YAML value
    """Count the placeholders and empty lists that a story's author left, straight from the YAML."""
    if path.startswith("chapters/"):
        images = data["images"]
        blanks = sum(is_blank(image.get(name, "x")) for image in images for name in PLACEHOLDERS)
        return blanks + sum(is_blank(image.get("image_inventory", "x")) for image in images)
    if path.startswith("characters/"):
        return int(is_blank(data.get("image_inventory", "x")))
    return sum(is_blank(node.get("image_inventory", "x")) for node in location_nodes(data))


def location_nodes(data: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any YAML value
    zones = data.get("zones") or []
    images = [image for zone in zones for image in zone.get("images") or []]
    overview = data.get("overview") or {}
    named = [value for value in overview.values() if isinstance(value, dict)]
    empty_zones = [zone for zone in zones if not zone.get("images")]
    return [*empty_zones, *images, overview, *named, *(data.get("beat_images") or [])]


def is_blank(value: object) -> bool:
    return value in (None, {}, [])


def test_no_byte_of_a_file_is_lost(finished: Finished) -> None:
    changed = git(finished.project, "diff", "--name-only").splitlines()
    assert all(name.endswith("/imagery.yaml") for name in changed)
    removed = git(finished.project, "diff", "--unified=0", "--", "*.yaml").split("\n")
    lost = [line for line in removed if line.startswith("-") and not line.startswith("---")]
    names = (*PLACEHOLDERS, "image_inventory")
    assert all(line[1:].split(":")[0].strip(" -") in names for line in lost)


def test_a_second_round_calls_nothing_and_changes_no_byte(finished: Finished) -> None:
    before, calls = tree(finished.project), finished.calls
    ended = [finished.command(*phase).code for phase in PHASES]
    assert ended == [0] * len(PHASES)
    assert tree(finished.project) == before
    assert finished.calls == calls


def test_planning_again_finds_nothing_to_do(finished: Finished) -> None:
    again = CommandLine(finished.project)("plan", "--scope", "all", "--json")
    assert again.code == 0
    assert again.json["runId"] is None
    assert again.json["summary"]["byState"] == {"done": 405}
    assert CommandLine(finished.project)("plan", "--quiet").out == ""


def test_the_broken_file_is_named_with_its_place(tmp_path: Path) -> None:
    project = tmp_path / "story"
    folder = (project / BROKEN).parent
    folder.mkdir(parents=True)
    shutil.copyfile(SHARED / BROKEN, project / BROKEN)
    ran = CommandLine(project)("plan")
    assert ran.code == 6
    assert ran.err.startswith(f"{BROKEN}:366:54: ")
    assert "hint: " in ran.err
