"""review, as it is typed: where it is served, how it ends, and what it says then."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.conftest import HOLDER

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


def ended(
    process: subprocess.Popen[str], signal_number: signal.Signals = signal.SIGINT
) -> tuple[int, list[str]]:
    """Press Ctrl-C, and return the exit code and what was said."""
    process.send_signal(signal_number)
    _out, err = process.communicate(timeout=30)
    return process.returncode, err.splitlines()


@dataclass(slots=True)
class Page:
    """A page of a review that was opened, and its first pictures' decisions."""

    client: httpx.Client
    room: str
    token: str
    ids: list[str]
    sent: threading.Event = field(default_factory=threading.Event)

    def decide(self, status: str, number: int = 0) -> httpx.Response:
        """Send a decision, as the page does."""
        said, sent = {"id": self.ids[number], "status": status}, {"x-review-token": self.token}
        self.sent.set()
        return self.client.post(f"{self.room}decisions", json=said, headers=sent, timeout=30)


@contextlib.contextmanager
def entered(link: str) -> Iterator[Page]:
    """Open the page of a review."""
    base, _, code = link.partition("/#")
    with httpx.Client(base_url=base, trust_env=False, headers={"origin": base}) as client:
        room = client.post("/opened", json={"code": code}).json()["at"]
        text = client.get(room).text
        token = re.findall(r'name="review-token" content="([^"]+)"', text)[0]
        yield Page(client, room, token, re.findall(r'data-task="([^"]+)"', text))


def decided(link: str, *statuses: str) -> None:
    """Decide the first pictures of a review, as its page does."""
    with entered(link) as page:
        for number, status in enumerate(statuses):
            assert page.decide(status, number).status_code == 200


@contextlib.contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock), "apply"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()


def test_ctrl_c_ends_it_with_what_was_decided_and_what_to_type_next(drawn: Shell) -> None:
    with served(drawn, "--no-open", "--backend", "emulator") as (process, link):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{43}", link)
        decided(link, "approved", "rejected", "approved")
        code, said = ended(process)
    assert code == 0
    assert said == [
        "5 pictures to review; each decision is saved at once. Ctrl-C ends the review.",
        "review ended: 2 approved, 1 rejected",
        "hint: next, type: chargen-batch run --backend emulator",
    ]
    total = drawn("status --story --backend emulator").out.splitlines()[-1].split()
    assert total[:6] == ["total", "5", "4", "2", "2", "1"]  # ..., undecided, approved, rejected


def test_ctrl_c_lets_go_of_a_decision_that_waits_and_never_writes_it(drawn: Shell) -> None:
    lock = drawn.root / ".chargen/story.lock"
    options = ("--no-open", "--lock-timeout", "60")
    with held(lock), served(drawn, *options) as (process, link), entered(link) as page:
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(page.decide("rejected")))
        thread.start()
        assert page.sent.wait(10)
        code, said = ended(process)
        thread.join()
    assert (code, said[1:]) == (0, ["review ended: 0 approved, 0 rejected"])
    assert [each.status_code for each in answers] in ([503], [])  # or it had not come yet
    assert "rejected" not in (drawn.root / "characters/ines/imagery.yaml").read_text("utf-8")


def test_ctrl_c_does_not_wait_for_the_rest_of_what_is_sent(drawn: Shell) -> None:
    with served(drawn, "--no-open") as (process, link):
        address = httpx.URL(link)
        host = f"{address.host}:{address.port}"
        head = f"POST /opened HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        with socket.create_connection((address.host, address.port or 0)) as raw:
            raw.sendall(head.encode())
            code, said = ended(process)
    assert (code, said[1:]) == (0, ["review ended: 0 approved, 0 rejected"])


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_end_it_have_its_closing_line_too(
    drawn: Shell, signal_number: signal.Signals
) -> None:
    with served(drawn, "--no-open") as (process, link):
        decided(link, "approved")
        code, said = ended(process, signal_number)
    assert (code, said[1:]) == (0, ["review ended: 1 approved, 0 rejected"])


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

    async def over_at_once(_server: object) -> None:
        """Stand in for the serving."""

    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("uvicorn.Server.main_loop", over_at_once)
    typed = drawn("review --open")
    (link,) = opened
    assert link.partition("#")[0] == typed.out.partition("#")[0]
    assert link.partition("#")[2] not in typed.out
