from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import BatchError, DocumentError, NotReadyError, StateError
from chargen_batch.report.summary import summarize
from chargen_batch.run import runs
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.documents import encode
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.model.state import Phase
    from chargen_batch.model.task import BatchTask


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """Give the folder of a project's runs, which is not there yet."""
    return tmp_path / ".chargen" / "batch"


def _make(runs_dir: Path, phase: Phase = "planned", run_id: str = samples.RUN_ID) -> RunDirectory:
    tasks = [samples.task(), samples.task(variant=2)]
    state = samples.state(phase, run_id=run_id)
    return runs.make(runs_dir, samples.plan(run_id=run_id), state, tasks)


def _make_all(runs_dir: Path, phases: str) -> None:
    """Make runs r1, r2, ... in these phases, the last of them current."""
    for number, phase in enumerate(phases.split(), 1):
        _make(runs_dir, phase, f"r{number}")  # type: ignore[arg-type] # a word of a table below


def _report(run: RunDirectory) -> None:
    run.report_file.write_bytes(encode(summarize(run.plan(), run.state(), [])))


def _selected(runs_dir: Path, command: str, explicit: str | None = None) -> str:
    """Return the ids of the runs taken, else what a command ends with."""
    try:
        selection = runs.select(runs_dir, command, explicit)
    except BatchError as err:
        return f"{int(err.exit_code)} {err.hint.removeprefix('type: chargen-batch ')}"
    return " ".join(run.run_id for run in selection.runs) or "0"


def test_run_that_was_made_reads_back(runs_dir: Path) -> None:
    run = _make(runs_dir)
    assert run.path == runs_dir / samples.RUN_ID
    assert run.state().phase == "planned"
    assert list(run.tasks()) == [samples.task(), samples.task(variant=2)]
    digest = hashlib.sha256(run.tasks_file.read_bytes()).hexdigest()
    assert run.check_plan(run.state()).tasks_sha256 == digest


def test_run_that_was_made_is_current_and_leaves_nothing_half_made(runs_dir: Path) -> None:
    _make(runs_dir)
    assert (runs_dir / "current").read_text() == f"{samples.RUN_ID}\n"
    assert sorted(path.name for path in runs_dir.iterdir()) == [samples.RUN_ID, "current"]


def test_chargen_folder_keeps_itself_out_of_git(runs_dir: Path) -> None:
    _make(runs_dir)
    assert (runs_dir.parent / ".gitignore").read_bytes() == b"*\n"


def test_folder_of_runs_that_is_elsewhere_gets_no_gitignore(tmp_path: Path) -> None:
    _make(tmp_path / "my-runs")
    assert not (tmp_path / ".gitignore").exists()


def test_run_that_is_there_is_not_made_again(runs_dir: Path) -> None:
    run = _make(runs_dir)
    before = run.state_file.read_bytes()
    with pytest.raises(OSError, match="not empty"):
        _make(runs_dir, "staged")
    assert run.state_file.read_bytes() == before


def _plan_and_fail(runs_dir: Path) -> None:
    def tasks() -> Iterator[BatchTask]:
        yield samples.task()
        raise KeyboardInterrupt

    runs.make(runs_dir, samples.plan(), samples.state(), tasks())  # fails


def test_plan_that_was_interrupted_makes_no_run(runs_dir: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _plan_and_fail(runs_dir)
    assert runs.all_runs(runs_dir) == []
    assert not (runs_dir / "current").exists()
    assert _make(runs_dir).state().phase == "planned"


def test_half_made_run_is_never_seen(runs_dir: Path) -> None:
    run = _make(runs_dir)
    run.path.rename(runs_dir / ".r1.tmp")
    (runs_dir / "notes").mkdir()
    assert runs.all_runs(runs_dir) == []


def test_runs_are_listed_oldest_first(runs_dir: Path) -> None:
    for run_id in ("20261122T080000Z-x7k2", "20251122T080000Z-zzzz", "20261122T075959Z-aaaa"):
        _make(runs_dir, run_id=run_id)
    found = [run.run_id[:15] for run in runs.all_runs(runs_dir)]
    assert found == ["20251122T080000", "20261122T075959", "20261122T080000"]


def test_project_without_a_plan_has_no_runs(runs_dir: Path) -> None:
    assert runs.all_runs(runs_dir) == []


def test_plan_that_found_nothing_empties_current(runs_dir: Path) -> None:
    _make(runs_dir)
    runs.set_current(runs_dir, "")
    assert (runs_dir / "current").read_bytes() == b""
    assert _selected(runs_dir, "stage") == "0"


# The phases of runs r1, r2, ... → the runs that each command takes, or its exit code and hint.
SELECTED: Final[list[tuple[str, str, str]]] = [
    ("", "stage", "0"),
    ("", "submit", "0"),
    ("", "poll", "0"),
    ("", "download", "0"),
    ("", "apply", "0"),
    ("", "report", "0"),
    ("", "cleanup", "0"),
    ("planned completed running failed cancelled", "cleanup", "r2 r4 r5"),
    ("planned running", "cleanup", "0"),
    ("planned planned", "cancel", "r2"),
    ("planned planned", "stage", "r2"),
    ("completed", "stage", "r1"),
    ("staged staged", "submit", "r2"),
    ("staged planned", "submit", "r2"),
    ("submitted running", "poll", "r1 r2"),
    ("running completed submitted failed", "poll", "r1 r3"),
    ("planned", "poll", "3 stage --run r1"),
    ("staging", "poll", "3 stage --run r1"),
    ("staged", "poll", "3 submit --run r1"),
    ("downloading applying completed", "poll", "0"),
    ("completed failed cancelled", "poll", "0"),
    ("running downloading running", "download", "r1 r2 r3"),
    ("submitted", "download", "75 poll"),
    ("submitted planned", "download", "3 stage --run r2"),
    ("applying", "download", "r1"),
    ("failed", "download", "0"),
    ("applying applying running", "apply", "r1 r2"),
    ("running", "apply", "75 poll"),
    ("submitted running", "apply", "75 poll"),
    ("running downloading", "apply", "3 download --run r2"),
    ("downloading", "apply", "3 download --run r1"),
    ("planned running", "apply", "3 stage --run r1"),
    ("completed", "apply", "0"),
    ("completed cancelled", "apply", "0"),
    ("completed failed planned", "report", "r1 r2 r3"),
    ("planned running completed", "report", "r3"),
    ("cancelled running", "report", "r1 r2"),
]


@pytest.mark.parametrize(("phases", "command", "expected"), SELECTED)
def test_command_takes_these_runs(runs_dir: Path, phases: str, command: str, expected: str) -> None:
    _make_all(runs_dir, phases)
    assert _selected(runs_dir, command) == expected


@pytest.mark.parametrize("command", ["stage", "submit", "poll", "download", "apply", "report"])
def test_run_that_is_named_is_taken_whatever_its_phase(runs_dir: Path, command: str) -> None:
    _make_all(runs_dir, "completed planned running")
    taken = [_selected(runs_dir, command, name) for name in ("r1", "r2", str(runs_dir / "r3"))]
    assert taken == ["r1", "r2", "r3"]


def test_run_that_was_reported_is_not_reported_again(runs_dir: Path) -> None:
    _make_all(runs_dir, "completed completed running")
    _report(RunDirectory(runs_dir / "r1"))
    assert _selected(runs_dir, "report") == "r2 r3"


def test_report_from_before_the_end_does_not_count(runs_dir: Path) -> None:
    _make_all(runs_dir, "completed running")
    run = RunDirectory(runs_dir / "r1")
    _report(run)
    early = run.report_file.read_bytes().replace(b'"completed"', b'"submitted"')
    run.report_file.write_bytes(early)
    assert _selected(runs_dir, "report") == "r1 r2"


@pytest.mark.parametrize("name", ["r9", "../batch", ".", "current"])
def test_run_that_does_not_exist_is_an_error_that_names_the_newest(
    runs_dir: Path, name: str
) -> None:
    _make_all(runs_dir, "planned planned")
    with pytest.raises(StateError, match="there is no run") as caught:
        runs.select(runs_dir, "stage", name)
    assert caught.value.hint == "the newest is r2"


def test_run_asked_for_before_any_plan_says_to_plan(runs_dir: Path) -> None:
    with pytest.raises(StateError) as caught:
        runs.select(runs_dir, "stage", "r1")
    assert caught.value.hint == "make one: chargen-batch plan"


def test_current_run_that_was_deleted_is_none(runs_dir: Path) -> None:
    _make_all(runs_dir, "planned")
    (runs_dir / "current").write_text("r7\n")
    assert _selected(runs_dir, "stage") == "0"


@pytest.mark.parametrize("command", ["stage", "poll", "report"])
def test_selection_of_none_says_why(runs_dir: Path, command: str) -> None:
    assert runs.select(runs_dir, command).note.startswith("nothing to ")


def test_run_that_the_service_works_on_is_named(runs_dir: Path) -> None:
    _make_all(runs_dir, "completed running")
    with pytest.raises(NotReadyError, match="the service is at work on run r2"):
        runs.select(runs_dir, "apply")


def test_damaged_run_does_not_keep_the_others_from_being_taken(runs_dir: Path) -> None:
    _make_all(runs_dir, "running running")
    (runs_dir / "r1" / "state.json").write_bytes(b"{")
    assert _selected(runs_dir, "poll") == "r1 r2"


def test_damaged_run_is_an_error_and_never_a_guess(runs_dir: Path) -> None:
    _make_all(runs_dir, "running")
    (runs_dir / "r1" / "state.json").write_bytes(b"{")
    (damaged,) = runs.select(runs_dir, "poll").runs
    with pytest.raises(DocumentError, match=r"r1/state\.json is damaged"):
        damaged.state()
