from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen_batch.errors import DocumentError
from chargen_batch.model.files import FilesCacheEntry
from chargen_batch.model.outcome import DeadLetter, TaskError
from chargen_batch.model.plan import BatchPlan
from chargen_batch.model.state import RunState, ServiceIdentity, Transition
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.documents import decode, encode
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.model.task import BatchTask

# What these hold is what users have on their disks: a change needs a new schema version.
GOLDEN: Final = Path(__file__).parent / "golden"
PLAN: Final = (GOLDEN / "plan.json").read_bytes()
STATE: Final = (GOLDEN / "state.json").read_bytes()
TASK: Final = (GOLDEN / "tasks.jsonl").read_bytes().rstrip(b"\n")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """Give a directory with a plan, its state and two tasks."""
    path = tmp_path / samples.RUN_ID
    path.mkdir()
    made = RunDirectory(path)
    made.plan_file.write_bytes(PLAN)
    made.save(samples.state(plan_sha256=hashlib.sha256(PLAN).hexdigest()))
    made.tasks_file.write_bytes(
        b"".join(msgspec.json.encode(task) + b"\n" for task in (_first(), _second()))
    )
    return made


def _first() -> BatchTask:
    return samples.task(variant=1)


def _second() -> BatchTask:
    return samples.task(variant=2)


def _upload(sha256: str, uri: str) -> FilesCacheEntry:
    return FilesCacheEntry(
        local_path="ada.png",
        sha256=sha256,
        mime="image/png",
        size=3,
        uploaded_uri=uri,
        name="files/a",
        uploaded_at=samples.AT,
        expires_at=None,
    )


def test_plan_document_is_this_file() -> None:
    assert encode(samples.plan()) == PLAN
    assert decode(PLAN, BatchPlan, "plan.json") == samples.plan()


def test_state_document_is_this_file() -> None:
    assert encode(_golden_state()) == STATE
    assert decode(STATE, RunState, "state.json") == _golden_state()


def _golden_state() -> RunState:
    step = {"at": samples.AT, "from": "planned", "to": "staging", "command": "stage"}
    history = msgspec.convert([step], tuple[Transition, ...])
    service = ServiceIdentity(backend="gemini", base_url="https://g", key_fingerprint="f")
    return samples.state(
        "running", samples.RUNNING, samples.LOST, samples.STAGED, history=history, service=service
    )


def test_task_line_is_this_line() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,), tags=("sea",), temperature=0.5)
    assert msgspec.json.encode(task) == TASK


def test_run_is_named_by_its_folder(run: RunDirectory) -> None:
    assert run.run_id == samples.RUN_ID


def test_saved_state_is_read_again(run: RunDirectory) -> None:
    saved = run.save(_golden_state())
    assert run.state() == saved


def _changed(raw: bytes, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return json.dumps(json.loads(raw) | changes).encode()


DAMAGED: Final = {
    "empty": b"",
    "torn": STATE[:200],
    "no JSON": b"hello",
    "no object": b"[]",
    "no text": b"\xff\xfe",
    "no version": b"{}",
    "version 0": _changed(STATE, schemaVersion=0),
    "version as text": _changed(STATE, schemaVersion="1"),
    "unknown field": _changed(STATE, surprise=1),
    "unknown phase": _changed(STATE, phase="dreaming"),
    "unknown job": _changed(STATE, jobs=[{"status": "dreaming"}]),
    "field of another job": _changed(
        STATE, jobs=[json.loads(STATE)["jobs"][2] | {"batchJobName": "batches/1"}]
    ),
    "wrong type": _changed(STATE, totalTasks="6"),
    "missing field": json.dumps({"schemaVersion": 1, "runId": "r"}).encode(),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_document_is_a_clear_error(run: RunDirectory, name: str) -> None:
    run.state_file.write_bytes(DAMAGED[name])
    with pytest.raises(DocumentError, match=r"state\.json is damaged: ") as caught:
        run.state()
    assert caught.value.hint == "restore it from a backup; nothing was changed"


@pytest.mark.parametrize("name", ["plan", "state"])
def test_document_of_a_newer_version_says_to_update(run: RunDirectory, name: str) -> None:
    newer = b'{"schemaVersion": 2, "somethingNew": true}'
    (run.path / f"{name}.json").write_bytes(newer)
    with pytest.raises(DocumentError, match=rf"{name}\.json is from a newer version") as caught:
        getattr(run, name)()
    assert "pip install --upgrade chargen-batch" in caught.value.hint


def test_state_that_contradicts_itself_is_not_read(run: RunDirectory) -> None:
    run.save(samples.state("applying", samples.RUNNING))
    with pytest.raises(DocumentError, match="contradicts itself"):
        run.state()


@pytest.mark.parametrize("name", ["plan", "state"])
def test_missing_document_is_a_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentError, match=rf"{name}\.json is missing"):
        getattr(RunDirectory(tmp_path), name)()


def test_plan_that_the_run_was_made_with_is_read(run: RunDirectory) -> None:
    assert run.check_plan(run.state()) == run.plan() == samples.plan()


def test_plan_that_was_tampered_with_is_refused(run: RunDirectory) -> None:
    run.plan_file.write_bytes(PLAN.replace(b'"taskCount": 2', b'"taskCount": 3'))
    with pytest.raises(DocumentError, match=r"plan\.json was changed after the run was made"):
        run.check_plan(run.state())


@pytest.mark.parametrize(
    ("first", "count", "variants"), [(0, None, [1, 2]), (1, None, [2]), (0, 1, [1]), (2, 0, [])]
)
def test_tasks_are_read_from_anywhere_in_the_plan(
    run: RunDirectory, first: int, count: int | None, variants: list[int]
) -> None:
    assert [task.variant for task in run.tasks(first, count)] == variants


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=9))
def test_tasks_are_read_in_any_order(tmp_path: Path, asked: list[tuple[int, int | None]]) -> None:
    run, titles = RunDirectory(tmp_path), [f"Ada \u2028 {number}" for number in range(7)]
    lines = [msgspec.json.encode(samples.task(title=title)) for title in titles]
    run.tasks_file.write_bytes(b"".join(line + b"\n" for line in lines))
    for first, most in asked:
        count = None if most is None else max(0, min(most, 7 - first))
        stop = None if count is None else first + count
        assert [task.title for task in run.tasks(first, count)] == titles[first:stop]


def test_tasks_that_end_before_a_job_does_were_cut_off(run: RunDirectory) -> None:
    assert len(list(run.tasks(0, 2))) == 2
    with pytest.raises(DocumentError, match="ends before task 3: it was cut off"):
        list(run.tasks(1, 2))


def test_a_folder_with_another_name_than_its_run_says_how_to_rename_it_back(
    run: RunDirectory,
) -> None:
    renamed = run.path.rename(run.path.with_name("mine"))
    with pytest.raises(DocumentError, match=f"folder of run {samples.RUN_ID}") as told:
        RunDirectory(renamed).state()
    assert told.value.hint == f"rename it back: mv {renamed} {run.path}"


def test_a_copy_of_a_run_beside_it_is_none_and_says_so(run: RunDirectory) -> None:
    copy = shutil.copytree(run.path, run.path.with_name(f"{samples.RUN_ID}-backup"))
    with pytest.raises(DocumentError, match=f"a copy of {run.path}$") as told:
        RunDirectory(copy).state()
    assert told.value.hint.endswith(f"rm -r {copy}")
    assert run.state().run_id == samples.RUN_ID


def test_reading_tasks_job_by_job_reads_the_file_once(run: RunDirectory) -> None:
    assert [task.variant for task in run.tasks(0, 1)] == [1]
    damaged = bytearray(run.tasks_file.read_bytes())
    damaged[0] = ord("#")
    run.tasks_file.write_bytes(bytes(damaged))
    assert [task.variant for task in run.tasks(1, 1)] == [2]


@pytest.mark.parametrize("first", [0, 1, 2])
def test_damaged_task_is_named_by_its_line(run: RunDirectory, first: int) -> None:
    with run.tasks_file.open("ab") as stream:
        stream.write(b'{"key": 5}\n')
    with pytest.raises(DocumentError, match=r"tasks\.jsonl, line 3, is damaged"):
        list(run.tasks(first))


def test_task_with_an_unknown_field_is_damaged(run: RunDirectory) -> None:
    run.tasks_file.write_bytes(TASK[:-1] + b',"surprise":1}\n')
    with pytest.raises(DocumentError, match="surprise"):
        list(run.tasks())


def test_newest_upload_of_each_content_counts(run: RunDirectory) -> None:
    for sha256, uri in (("aa", "u1"), ("bb", "u2"), ("aa", "u3")):
        run.add_uploaded(_upload(sha256, uri))
    found = {sha: entry.uploaded_uri for sha, entry in run.uploaded().items()}
    assert found == {"aa": "u3", "bb": "u2"}


def test_run_without_ledgers_has_no_uploads_and_no_outcomes(run: RunDirectory) -> None:
    assert (run.uploaded(), list(run.outcomes())) == ({}, [])


def test_outcomes_are_read_in_the_order_in_which_they_came(run: RunDirectory) -> None:
    received, settled = samples.success(stage="received"), samples.success()
    run.add_outcomes([received, samples.failure("b")])
    run.add_outcomes([settled])
    assert list(run.outcomes()) == [received, samples.failure("b"), settled]


def test_no_outcomes_write_nothing(run: RunDirectory) -> None:
    run.add_outcomes([])
    assert not run.outcomes_file.exists()


def test_torn_outcome_is_not_read_and_is_gone_after_the_next(run: RunDirectory) -> None:
    run.add_outcomes([samples.success("a")])
    whole = run.outcomes_file.read_bytes()
    run.outcomes_file.write_bytes(whole + whole[:40])
    before = [outcome.key for outcome in run.outcomes()]
    run.add_outcomes([samples.success("b")])
    assert before == ["a"]
    assert [outcome.key for outcome in run.outcomes()] == ["a", "b"]


def test_damage_within_a_ledger_is_an_error_with_its_line(run: RunDirectory) -> None:
    run.add_outcomes([samples.success("a"), samples.success("b")])
    run.outcomes_file.write_bytes(b"{}\n" + run.outcomes_file.read_bytes())
    with pytest.raises(DocumentError, match=r"outcomes\.jsonl, line 1, is damaged"):
        list(run.outcomes())


def test_dead_letter_is_named_by_its_keys_hash_and_written_once(run: RunDirectory) -> None:
    error = TaskError(code="NO_IMAGE_DATA", message="none", retryable=True)
    letter = DeadLetter(run_id=run.run_id, task=_first(), error=error, at=samples.AT)
    run.add_dead_letter(letter)
    (path,) = run.failed_dir.iterdir()
    before = path.stat().st_ino
    run.add_dead_letter(letter)
    assert path.name == hashlib.sha256(_first().key.encode()).hexdigest()[:16] + ".json"
    assert msgspec.json.decode(path.read_bytes(), type=DeadLetter) == letter
    assert path.stat().st_ino == before


def test_files_of_jobs_are_numbered(run: RunDirectory) -> None:
    names = [run.request_file(1).name, run.request_file(12).name, run.results_file(3).name]
    assert names == ["requests-0001.jsonl", "requests-0012.jsonl", "results-0003.jsonl"]


def test_log_has_a_json_line_an_event(run: RunDirectory) -> None:
    run.log(samples.AT, "job", name="batches/1", state=None)
    run.log(samples.LATER, "phase", after="running")
    lines = [json.loads(line) for line in run.log_file.read_bytes().splitlines()]
    assert [(line["at"], line["event"]) for line in lines] == [
        (samples.AT, "job"),
        (samples.LATER, "phase"),
    ]
    assert lines[0]["name"] == "batches/1"
