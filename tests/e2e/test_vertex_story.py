"""Whole stories through Vertex AI and Cloud Storage, command by command as processes."""

from __future__ import annotations

import collections
import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import pytest
import yaml
from PIL import Image

from chargen_batch.emulator import painter
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.server import serve
from tests.accounts import account_file
from tests.e2e.commands import CommandLine, Ran, tree
from tests.e2e.test_real_story import (
    BROKEN,
    PHASES,
    PLACEHOLDERS,
    SHARED,
    generated,
    git,
    imagery,
    lines_to_fill,
)
from tests.phases import analysing, story
from tests.storage import BUCKET, Storage, storage

if TYPE_CHECKING:
    from collections.abc import Iterator

# A sixteenth: the whole story is painted in a second, in the ratios that were asked for.
TINY: Final = {"512": 1 / 32, "1K": 1 / 16, "2K": 1 / 8, "4K": 1 / 4}
ON_VERTEX: Final = ("--backend", "vertex")
SETTINGS: Final = f"vertex: {{project: a-project, bucket: {BUCKET}}}\n"
CONFIG: Final = f"batch: {{max_tasks_per_job: 100}}\n{SETTINGS}"
ROWS_PER_SHARD: Final = 40
TASKS: Final = 405

pytestmark = [pytest.mark.xdist_group("vertex-story"), pytest.mark.timeout(600)]
with_the_story = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real story is not beside the checkout"
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A project in which every command was run once, and what the service was asked."""

    command: CommandLine
    run: Path
    bucket: Storage
    planned: Any
    ended: dict[str, Ran]
    original: dict[Any, Any]

    @property
    def project(self) -> Path:
        return self.command.project

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        return {task["key"]: task for task in lines(self.run / "tasks.jsonl")}

    @property
    def calls(self) -> collections.Counter[str]:
        jobs = (line["method"] for line in lines(self.project.parent / "service/requests.ndjson"))
        return collections.Counter([*jobs, *(call.method for call in self.bucket.calls)])


@contextlib.contextmanager
def clouds(folder: Path) -> Iterator[tuple[CommandLine, Storage]]:
    """Serve both emulators, and give the command that is told where they are, and the bucket."""
    pace, behaviour = Pace(0, 1), Behaviour(rows_per_shard=ROWS_PER_SHARD)
    with (
        storage(folder / "storage") as bucket,
        serve(folder / "service", pace=pace, behaviour=behaviour) as emulator,
        mock.patch.dict(painter.SCALES, TINY),
    ):
        emulator.world.storage = bucket.direct_url
        variables = {
            "STORAGE_EMULATOR_HOST": bucket.base_url,
            "GOOGLE_VERTEX_BASE_URL": emulator.base_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(account_file(folder, emulator.base_url)),
        }
        yield CommandLine(folder / "story").with_variables(**variables), bucket


def go_through(
    command: CommandLine, bucket: Storage, original: dict[Any, Any], *options: str
) -> Finished:
    """Type everything from plan to cleanup."""
    planned = command("plan", *ON_VERTEX, "--json", *options)
    assert planned.code == 0, planned.err
    run_id = planned.json["runId"]
    command = command.with_variables(CHARGEN_RUN=run_id)
    ended = {phase[0]: command(*phase) for phase in (*PHASES, ("cleanup",))}
    run = command.project / ".chargen/batch" / run_id
    return Finished(command, run, bucket, planned.json, ended, original)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("vertex")
    with clouds(folder) as (command, bucket):
        project = command.project
        shutil.copytree(SHARED, project, copy_function=shutil.copyfile)
        (project / BROKEN).unlink()
        (project / "chargen.yaml").write_text(CONFIG, "utf-8")
        (project / ".gitignore").write_text(".chargen/\n", "utf-8")
        git(project, "init", "--quiet")
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "as its author left it")
        yield go_through(command, bucket, imagery(project), "--scope", "all", "--skip", "none")


@with_the_story
def test_every_command_ends_well(finished: Finished) -> None:
    assert {name: (ran.code, ran.err) for name, ran in finished.ended.items() if ran.code} == {}
    assert json.loads((finished.run / "state.json").read_bytes())["phase"] == "completed"


@with_the_story
def test_each_job_is_created_once_and_each_object_sent_once(finished: Finished) -> None:
    images = (task["referenceImages"] for task in finished.tasks.values())
    references = {image["sha256"] for each in images for image in each}
    sent = [call.name for call in finished.bucket.calls if call.method.startswith("objects.insert")]
    jobs = json.loads((finished.run / "state.json").read_bytes())["jobs"]
    assert [job["taskCount"] for job in jobs] == [100, 100, 100, 100, 5]
    assert finished.calls["batches.create"] == 5
    assert len(set(sent)) == len(references) + 5
    assert len(sent) == len(set(sent))


@with_the_story
def test_results_come_in_several_files_of_a_job(finished: Finished) -> None:
    fetched = {call.name for call in finished.bucket.asked("objects.download")}
    assert len(fetched) == 4 * -(-100 // ROWS_PER_SHARD) + 1


@with_the_story
def test_every_target_has_a_picture_in_the_ratio_that_was_asked_for(finished: Finished) -> None:
    tasks = finished.tasks
    settled = {
        outcome["key"]: finished.project / outcome["imagePath"]
        for outcome in lines(finished.run / "outcomes.jsonl")
        if outcome["stage"] == "settled"
    }
    assert settled.keys() == tasks.keys()
    assert len(settled) == len({path.read_bytes() for path in settled.values()}) == TASKS
    for key, path in settled.items():
        across, down = (int(part) for part in tasks[key]["aspectRatio"].split(":"))
        with Image.open(path) as picture:
            picture.load()
            assert picture.width / picture.height == pytest.approx(across / down, rel=0.05)


@with_the_story
def test_every_target_has_one_entry_that_names_its_picture(finished: Finished) -> None:
    entries = [
        (path, entry)
        for path, data in imagery(finished.project).items()
        for entry in generated(data)
    ]
    keys = [entry["generation"]["task_key"] for _, entry in entries]
    assert sorted(keys) == sorted(finished.tasks)
    for path, entry in entries:
        assert (finished.project / path).parent.joinpath(entry["path"]).is_file()


@with_the_story
def test_only_references_stay_in_the_bucket(finished: Finished) -> None:
    images = (task["referenceImages"] for task in finished.tasks.values())
    references = {image["sha256"] for each in images for image in each}
    names = finished.bucket.names()
    assert {Path(name).stem for name in names} == references
    assert [name for name in names if not name.startswith("chargen-batch/refs/")] == []


@with_the_story
def test_no_line_of_the_story_is_lost_but_placeholders(finished: Finished) -> None:
    planned = {task["entitySlug"] for task in finished.tasks.values()}
    expected = {
        path: lines_to_fill(path, data)
        for path, data in finished.original.items()
        if path.split("/")[1] in planned
    }
    numbers = git(finished.project, "diff", "--numstat").splitlines()
    lost = {path: int(count) for _, count, path in (line.split("\t") for line in numbers)}
    assert {path: count for path, count in lost.items() if count} == {
        path: count for path, count in expected.items() if count
    }
    removed = git(finished.project, "diff", "--unified=0").split("\n")
    names = (*PLACEHOLDERS, "image_inventory")
    assert {
        line[1:].split(":")[0].strip(" -")
        for line in removed
        if line.startswith("-") and not line.startswith("---")
    } <= {*names}


@with_the_story
def test_a_second_round_calls_nothing_and_changes_no_byte(finished: Finished) -> None:
    before, calls = tree(finished.project), finished.calls
    ended = [finished.command(*phase).code for phase in PHASES]
    assert ended == [0] * len(PHASES)
    assert tree(finished.project) == before
    assert finished.calls == calls


@with_the_story
def test_a_second_plan_draws_nothing(finished: Finished) -> None:
    again = CommandLine(finished.project)("plan", "--scope", "all", *ON_VERTEX, "--json")
    assert again.code == 0
    assert again.json["runId"] is None
    assert again.json["summary"]["byState"] == {"done": TASKS}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """Give a small story, whose pictures were analysed."""
    folder = tmp_path_factory.mktemp("analysed")
    with clouds(folder) as (command, bucket):
        project = analysing.make(folder / "story").root
        (project / "chargen.yaml").write_text(SETTINGS, "utf-8")
        original = {path: path.read_bytes() for path in project.rglob("images/*")}
        yield go_through(command, bucket, original, "--mode", "analyze")


def test_an_analysis_ends_well(analysed: Finished) -> None:
    assert {name: (ran.code, ran.err) for name, ran in analysed.ended.items() if ran.code} == {}
    report = json.loads((analysed.run / "report.json").read_bytes())["summary"]
    assert report["success"] == report["total"] == len(analysed.tasks) == len(analysing.TARGETS)
    assert analysed.calls["batches.create"] == 1


def test_each_analysis_stands_beside_its_picture_or_in_its_entry(analysed: Finished) -> None:
    told = [json.loads(path.read_bytes()) for path in analysed.project.rglob("*.analysis.json")]
    assert {one["image"] for one in told} == {"bowl.png", "door.jpg"}
    entry = yaml.safe_load((analysed.project / story.INES).read_text())["image_inventory"][0]
    assert entry["analysis"]["task_key"] in analysed.tasks
    assert entry["analysis"]["provider"] == "google"
    assert {path: path.read_bytes() for path in analysed.original} == analysed.original


def test_of_an_analysis_only_the_pictures_stay_in_the_bucket(analysed: Finished) -> None:
    assert {name.rpartition("/")[0] for name in analysed.bucket.names()} == {"chargen-batch/refs"}


def test_what_was_analysed_is_not_analysed_again(analysed: Finished) -> None:
    again = CommandLine(analysed.project)("plan", "--mode", "analyze", *ON_VERTEX, "--json")
    assert (again.code, again.json["runId"]) == (0, None)
