"""review, as it is typed: where it is served, how it ends, and what it says then."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Shell


@pytest.fixture
def drawn(shell: Shell, applying: Path) -> Shell:
    """Give a story whose pictures the emulator drew, and none decided."""
    shell.begin_from(applying)
    shell.emulated("apply --yes")
    return shell


@contextlib.contextmanager
def served(shell: Shell, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve a review in a process of its own; it may be ended before."""
    command = ["-m", "chargen_batch", "review", "--project", str(shell.root), *options]
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Press Ctrl-C, and return the exit code and what was said."""
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    return process.returncode, err.splitlines()


def decided(link: str, *statuses: str) -> None:
    """Decide the first pictures of a review, as its page does."""
    base, _, code = link.partition("/#")
    origin = {"origin": base}
    with httpx.Client(base_url=base, trust_env=False, headers=origin) as client:
        room = client.post("/opened", json={"code": code}).json()["at"]
        page = client.get(room).text
        token = re.findall(r'name="review-token" content="([^"]+)"', page)[0]
        ids = re.findall(r'data-task="([^"]+)"', page)
        for picture_id, status in zip(ids, statuses, strict=False):
            said = {"id": picture_id, "status": status}
            sent = {"x-review-token": token}
            assert client.post(f"{room}decisions", json=said, headers=sent).status_code == 200


def test_ctrl_c_ends_it_with_what_was_decided_and_what_to_type_next(drawn: Shell) -> None:
    with served(drawn, "--no-open", "--backend", "emulator") as (process, link):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{43}", link)
        decided(link, "approved", "rejected", "approved")
        code, said = ended(process)
    assert code == 0
    assert said == [
        "5 pictures to review; each decision is saved at once. Ctrl-C ends the review.",
        "review ended: 2 approved, 1 rejected",
        "hint: next, type: chargen-batch plan --backend emulator",
    ]
    total = drawn("status --story --backend emulator").out.splitlines()[-1].split()
    assert total[:5] == ["total", "5", "4", "2", "1"]  # wanted, done, approved, rejected


def test_a_review_without_a_decision_has_nothing_to_type_next(drawn: Shell) -> None:
    with served(drawn, "--no-open", "--quiet") as (process, _link):
        assert ended(process) == (0, [])


def test_a_killed_review_has_lost_nothing(drawn: Shell) -> None:
    with served(drawn, "--no-open") as (process, link):
        decided(link, "rejected")
        process.kill()
    with served(drawn, "--no-open") as (process, _link):
        code, said = ended(process)
    assert (code, said[0][:20]) == (0, "4 pictures to review")


def test_an_apply_comes_in_between(drawn: Shell) -> None:
    with served(drawn, "--no-open") as (process, link):
        decided(link, "approved")
        assert drawn("apply --backend emulator").code == 0
        decided(link, "approved", "approved")
        assert ended(process)[1][1] == "review ended: 2 approved, 0 rejected"


def test_nothing_to_review_is_said_and_nothing_served(shell: Shell) -> None:
    typed = shell("review --no-open")
    assert (typed.code, typed.out) == (0, "")
    assert typed.err == (
        "nothing to review: the story has no draft; --all shows what is decided too\n"
    )
    assert "has no picture that was drawn here" in shell("review --no-open --all").err


def test_a_broken_file_is_named_and_the_others_are_shown(drawn: Shell) -> None:
    (drawn.root / "characters/ines/imagery.yaml").write_text("a: [\n")
    with served(drawn, "--no-open") as (process, _link):
        said = ended(process)[1]
    assert said[0].startswith("warning: characters/ines/imagery.yaml:2:1: ")
    assert said[1].startswith("3 pictures")


def test_a_run_that_is_not_there_is_3_and_a_port_in_use_1_and_json_2(drawn: Shell) -> None:
    assert drawn("review --run nothing --no-open").code == 3
    with socket.create_server(("127.0.0.1", 0)) as taken:
        typed = drawn(f"review --no-open --port {taken.getsockname()[1]}")
    assert (typed.code, "cannot listen on 127.0.0.1:" in typed.err) == (1, True)
    assert drawn("review --json").code == 2


def test_the_browser_gets_a_link_that_is_good_once(
    drawn: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_args, **_more: None)
    typed = drawn("review --open")
    (link,) = opened
    assert link.partition("#")[0] == typed.out.partition("#")[0]
    assert link.partition("#")[2] not in typed.out
