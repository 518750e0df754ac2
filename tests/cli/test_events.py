"""--events, --verbose, and the lines of a log."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
import pytest

from chargen_batch.cli.event_words import STEPS, NowAndThen, amount, line, span
from chargen_batch.cli.options import Common
from chargen_batch.cli.session import Session
from chargen_batch.cli.stream import EventsFile, encoded
from chargen_batch.model.events import (
    Event,
    JobSeen,
    PhaseBegan,
    PhaseEnded,
    Progress,
    Step,
    Unit,
    Waiting,
    Warned,
)
from chargen_batch.model.state import JobCounts
from tests.cli.test_pipeline import WAIT

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

DOCS: Final = Path(__file__).parents[2] / "docs" / "events.md"
PHASES = ("stage", "submit", WAIT, "download", "apply --yes", "report")


def documents(text: str) -> list[dict[str, Any]]:
    return [json.loads(each) for each in text.splitlines()]


def step(done: int, total: int | None = 9) -> Progress:
    return Progress(run_id="r", step="hashing", done=done, total=total, unit="files")


def test_a_file_has_the_events_of_all_commands_one_after_another(shell: Shell) -> None:
    file = shell.root / "events.jsonl"
    shell.emulated(*(f"{command} --events {file}" for command in ("plan", *PHASES)))
    lines = documents(file.read_text())
    began = [each["command"] for each in lines if each["event"] == "phaseBegan"]
    assert list(dict.fromkeys(began)) == [
        "plan",
        *(each.split()[0] for each in PHASES),
        "cleanup",  # in report
    ]
    assert [each["at"] for each in lines] == sorted(each["at"] for each in lines)
    steps = {each["step"] for each in lines if each["event"] == "progress"}
    assert steps == {
        *("planning", "hashing", "uploading", "requests", "submitting"),
        *("jobs", "downloading", "receiving", "applying"),
    }


def test_what_stands_in_a_file_stays(shell: Shell) -> None:
    file = shell.root / "events.jsonl"
    file.write_text("mine, and no line end")
    shell.emulated(f"plan --events {file}")
    assert file.read_text().startswith("mine, and no line end{")


def test_with_a_dash_stdout_has_events_and_nothing_else(shell: Shell) -> None:
    shell.plan()
    typed = shell.emulated("stage --events -")
    events = documents(typed.out)
    assert (events[0]["event"], events[-1]["event"]) == ("phaseBegan", "phaseEnded")
    assert f"run {events[0]['runId']}: staged, 3 job(s)" in typed.err


def test_the_document_and_the_events_cannot_both_go_to_stdout(shell: Shell) -> None:
    typed = shell("plan --json --events - --backend emulator")
    assert (typed.code, typed.document["error"]["hint"]) == (2, "give --events FILE")


def test_a_document_goes_to_stdout_while_events_go_to_a_file(shell: Shell) -> None:
    file = shell.root / "events.jsonl"
    typed = shell(f"plan --json --backend emulator --events {file}")
    assert documents(file.read_text())[-1]["runId"] == typed.document["runId"]


def test_a_file_that_cannot_be_written_to_is_told_before_anything_is_done(shell: Shell) -> None:
    shell.plan()
    typed = shell(f"stage --backend emulator --events {shell.root}/none/events.jsonl")
    assert (typed.code, "none/events.jsonl: No such file" in typed.err) == (1, True)
    assert not (shell.root / ".chargen" / "emulator").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_the_events_and_not_the_work(shell: Shell) -> None:
    shell.plan()
    typed = shell.emulated("stage --events /dev/full")
    assert typed.err.count("warning: --events: No space left on device") == 1


def test_a_reader_that_goes_away_ends_the_events_and_not_the_work(shell: Shell) -> None:
    shell.plan()
    command = [sys.executable, "-m", "chargen_batch", "stage", "--backend", "emulator"]
    with subprocess.Popen(
        [*command, "--events", "-"], cwd=shell.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read().decode()
    assert (process.returncode, "staged, 3 job(s)" in told) == (0, True)


def test_quiet_tells_only_the_file(shell: Shell) -> None:
    shell.plan()
    typed = shell.emulated("stage --quiet --events -")
    assert (typed.err, len(documents(typed.out)) > 2) == ("", True)


def test_verbose_prints_each_event_as_a_line(shell: Shell) -> None:
    run_id = shell.plan()
    told = shell.emulated("stage --verbose").err.splitlines()
    assert told[0] == f"run {run_id}: stage begins"
    assert f"run {run_id}: uploading requests, 5 of 5 tasks (requests-0003.jsonl)" in told
    assert f"run {run_id}: stage ends with 0, staged" in told


@pytest.mark.parametrize("options", ["", "--verbose"])
def test_a_warning_of_a_plan_is_printed_once_and_is_one_event(shell: Shell, options: str) -> None:
    (shell.root / "chargen.yaml").write_text("batch: {max_cost_usd: null}\n")
    file = shell.root / "events.jsonl"
    typed = shell(f"plan --dry-run --model gemini-9-image --events {file} {options}")
    assert typed.err.count("has no known price") == 1
    warned = [each for each in documents(file.read_text()) if each["event"] == "warning"]
    assert len(warned) == 1


@pytest.mark.parametrize(
    ("options", "count"), [("", 1), ("--verbose", 1), ("--json", 1), ("--quiet", 0)]
)
@pytest.mark.parametrize("terminal", [False, True], ids=["log", "terminal"])
def test_a_warning_without_a_report_is_printed_once_and_is_one_event(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, *, terminal: bool, options: str, count: int
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    file = shell.root / "events.jsonl"
    common = Common(
        project=shell.root,
        events=str(file),
        verbose=options == "--verbose",
        json=options == "--json",
        quiet=options == "--quiet",
    )
    with Session(common) as session:
        session.tell(step(1))
        session.warn("no answer; trying again in 2 s")
    assert shell.capsys.readouterr().err.count("no answer") == count
    warned = [each for each in documents(file.read_text()) if each["event"] == "warning"]
    assert len(warned) == 1


@pytest.mark.parametrize("command", ["cancel --yes", "cleanup", "cleanup --local --older-than 0"])
def test_commands_around_a_run_tell_too(shell: Shell, command: str) -> None:
    shell.plan()
    shell("cancel --yes --quiet")
    if "local" in command:
        (shell.root / ".chargen/batch/current").unlink()
    lines = documents(shell(f"{command} --events -").out)
    name = command.split(maxsplit=1)[0]
    assert [(each["event"], each["command"]) for each in lines] == [
        ("phaseBegan", name),
        ("phaseEnded", name),
    ]


def test_quick_steps_say_nothing_in_a_log(shell: Shell) -> None:
    shell.plan()
    assert shell.emulated("stage").err == "hint: next, type: chargen-batch submit\n"


def test_the_lines_of_a_step_come_every_ten_seconds_and_at_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = itertools.count(step=4)
    viewer = NowAndThen(now=lambda: float(next(seconds)))
    for done in range(1, 10):
        viewer(step(done))
    counts = [each.split()[-4] for each in capsys.readouterr().err.splitlines()]
    assert counts == ["4", "7", "9"]


def test_a_step_that_takes_less_than_ten_seconds_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = itertools.count()
    viewer = NowAndThen(now=lambda: float(next(seconds)))
    for done in range(1, 10):
        viewer(step(done))
    assert capsys.readouterr().err == ""


def test_a_file_has_ten_lines_a_second_of_a_step_and_its_end(tmp_path: Path) -> None:
    file, ticks = tmp_path / "events", itertools.count()
    with file.open("ab", buffering=0) as stream:
        events = EventsFile(stream, now=lambda: next(ticks) / 100)
        for done in range(1, 101):
            events(step(done, 100))
    told = [each["done"] for each in documents(file.read_text())]
    assert (len(told), told[0], told[-1]) == (11, 1, 100)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (PhaseBegan(command="plan"), "plan begins"),
        (PhaseEnded(command="plan", exit_code=0), "plan ends with 0"),
        (
            PhaseEnded(run_id="r", command="poll", exit_code=7, error="no"),
            "run r: poll ends with 7, no",
        ),
        (step(1, None), "run r: checking references, 1 files"),
        (
            JobSeen(
                run_id="r",
                index=1,
                name="batches/a",
                state="JOB_STATE_RUNNING",
                counts=JobCounts(total=5, succeeded=1, failed=1),
            ),
            "run r: job 1 (batches/a), running, 2 of 5 done",
        ),
        (Waiting(until="2026-11-22T08:00:00Z", seconds=90), "nothing to do for 1 min"),
        (Warned(message="odd"), "warning: odd"),
    ],
)
def test_an_event_is_a_line(event: Event, words: str) -> None:
    assert line(event) == words


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (900, 1000, "0.9 of 1.0 kB"),
        (12_345_678, 45_000_000, "12.3 of 45.0 MB"),
        (12_345_678, None, "12.3 MB"),
    ],
)
def test_bytes_are_told_in_a_fitting_unit(done: int, total: int | None, words: str) -> None:
    event = Progress(step="downloading", done=done, total=total, unit="bytes")
    assert amount(event) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.25, "0.25 s"), (42, "42 s"), (130, "2 min"), (7260, "2 h 1 min")]
)
def test_a_span_is_told_in_two_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_the_documented_lines_are_just_what_is_written() -> None:
    shown = re.findall(r"```json\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    lines = [json.loads(each) for block in shown for each in block.splitlines()]
    for document in lines:
        at = datetime.fromisoformat(document["at"])
        fields = {name: value for name, value in document.items() if name != "at"}
        event = msgspec.convert(fields, type=Event)
        assert json.loads(encoded(event, at)) == document
    tags = {msgspec.inspect.type_info(kind).tag for kind in get_args(Event)}  # type: ignore[attr-defined]
    assert {document["event"] for document in lines} == tags


def test_every_step_is_documented_with_its_unit() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert {step for step, _unit in rows if step != "step"} == set(get_args(Step)) == set(STEPS)
    assert {unit for step, unit in rows if step != "step"} == set(get_args(Unit))
