from __future__ import annotations

import signal
import socket
import subprocess
import sys
import webbrowser
from typing import TYPE_CHECKING

import httpx

from chargen_batch.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
    monkeypatch.setattr(webbrowser, "open", opened.append)
    run_id = shell.plan()
    assert shell("report --open").code == 0
    page = shell.root / ".chargen" / "batch" / run_id / "report.html"
    assert opened == [page.as_uri()]
