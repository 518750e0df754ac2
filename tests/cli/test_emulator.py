from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from dataclasses import fields
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.cli.main import main
from chargen_batch.emulator import faults, outcomes
from chargen_batch.emulator.quota import Quotas
from chargen_batch.emulator.records import ENDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Shell


def test_the_emulator_says_where_it_is_and_serves_until_interrupted(tmp_path: Path) -> None:
    command = ["-m", "chargen_batch", "emulator", "--port", "0", "--state", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().removeprefix("emulator: ").strip()
        headers = {"x-goog-api-key": "any"}
        answer = httpx.get(f"{url}/v1beta/files", headers=headers, trust_env=False)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (answer.status_code, process.returncode) == (200, 130)
    assert f"GOOGLE_GEMINI_BASE_URL={url}" in err
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_an_error_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["emulator", "--port", port, "--state", str(tmp_path)]) == 1
    assert "hint: give another one: --port 0" in capsys.readouterr().err


def test_open_shows_the_page_in_the_browser(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def opens(page: str) -> bool:
        opened.append(page)
        return True

    monkeypatch.setattr(webbrowser, "open", opens)
    monkeypatch.setenv("DISPLAY", ":0")
    run_id = shell.plan()
    typed = shell("report --open")
    page = shell.root / ".chargen" / "batch" / run_id / "report.html"
    assert (typed.code, opened) == (0, [page.as_uri()])
    assert "browser" not in typed.err


def test_open_says_where_the_page_is_over_ssh(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    page = shell.root / ".chargen" / "batch" / shell.plan() / "report.html"
    typed = shell("report --open --quiet")
    assert (typed.code, opened) == (0, [])
    assert str(page) in typed.err


def changed(state: Path, *options: str) -> int:
    return main(["emulator", "--state", str(state), *options])


def test_the_clock_is_set_and_moved_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert changed(tmp_path, "--at", "2030-01-01T00:00:00") == 0
    assert changed(tmp_path, "--advance", "36h") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("clock: 2030-01-01T00:00:0")
    assert second.startswith("clock: 2030-01-02T12:00:0")


def test_files_are_told_to_expire_and_counted(
    shell: Shell, submitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.begin_from(submitted)
    state = shell.root / ".chargen" / "emulator"
    for _ in range(2):
        assert changed(state, "--expire", "chargen-batch/*/*") == 0
    assert capsys.readouterr().out == "files expired: 3\nfiles expired: 0\n"


WRONG = {
    ("--at", "noon"): (2, "'noon' is no time"),
    ("--advance", "49"): (2, "'49' is no span of time"),
    ("--quota", "max_live_jobs=ten"): (2, "'ten' is no number"),
    ("--quota", "max_jobs=1"): (6, "the options: [quotas]: no such name: max_jobs"),
    ("--latency", "0.2"): (2, "--latency 0.2: a name and its value are wanted"),
    ("--fault", "batches.create"): (2, "a name and its value are wanted"),
    ("--fault", "batches.create=explode"): (6, "no such fault: 'explode'"),
    ("--ending", "*=DONE"): (6, "no such ending: 'DONE'"),
    ("--row", "*=bad"): (6, "no such outcome: 'bad'"),
    ("--trouble", "none.toml"): (6, "cannot read none.toml"),
}


@pytest.mark.parametrize(("options", "told"), WRONG.items(), ids=map(" ".join, WRONG))
def test_what_is_no_trouble_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, str],
    told: tuple[int, str],
) -> None:
    # The port is taken, so that nothing is served whatever is understood.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = changed(tmp_path, "--port", str(taken.getsockname()[1]), *options)
    assert (code, told[1] in capsys.readouterr().err) == (told[0], True)


def test_a_served_emulator_makes_the_trouble_of_its_options(tmp_path: Path) -> None:
    trouble = tmp_path / "trouble.toml"
    trouble.write_text('[faults]\n"files.list" = ["html:502"]\n[lists]\npage_size = 1\n')
    options = ["--fault", "files.list=status:429:7*2", "--latency", "files.list=0.1"]
    statuses, waits = [], []
    with served(tmp_path / "state", "--trouble", str(trouble), *options) as url:
        for _ in range(4):
            answer = httpx.get(f"{url}/v1beta/files?key=k", trust_env=False)
            statuses.append(answer.status_code)
            waits.append(answer.elapsed.total_seconds())
    assert statuses == [429, 429, 502, 200]
    assert min(waits) >= 0.1


@contextlib.contextmanager
def served(state: Path, *options: str) -> Iterator[str]:
    command = ["-m", "chargen_batch", "emulator", "--port", "0", "--state", str(state), *options]
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().removeprefix("emulator: ").strip()
        finally:
            process.terminate()


def test_the_help_tells_of_every_method_fault_ending_and_outcome(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["emulator", "--help"]) == 0
    told = set(re.findall(r"[A-Za-z_.]+", capsys.readouterr().out))
    kinds = {kind for kind in re.findall(r"[a-z_]{4,}", faults.KINDS.pattern) if kind != "status"}
    endings = {state.removeprefix("BATCH_STATE_") for state in ENDED}
    quotas = {field.name for field in fields(Quotas)}
    assert {*faults.METHODS, *kinds, *outcomes.KINDS, *endings, *quotas} - told == set()
