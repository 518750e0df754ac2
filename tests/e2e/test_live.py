"""``make live`` refuses politely, and goes through at the emulator as it would at the service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.emulator.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.emulator.server import Emulator

ROOT: Final = Path(__file__).parents[2]
KEY: Final = "nobodys-live-key-5e1c"
WHAT_STAYS_OPEN: Final = (
    "lists generateContent",
    "GET /v1/batches?pageSize=1: ",
    "Date header: ",
    "a file lives 48.00 h; its sha256Hash is base64 of the hex digest",
    "create on v1beta works: batches/",
    "listed within",
    "BATCH_STATE_SUCCEEDED, batchStats",
    "cannot be more than 40 characters",
    "download with Range 10-19: ",
    "5 line(s) for 5 request(s)",
    "a second job with the display name of another: 200",
    "cancelled, it is BATCH_STATE_CANCELLED with output None",
    "after report, batches/",
)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    with serve(tmp_path / "emulator") as running:
        yield running


def live(
    folder: Path, emulator: Emulator, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with no more of the environment than it needs."""
    kept = {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG") if name in os.environ
    }
    address = {"GOOGLE_GEMINI_BASE_URL": emulator.base_url}
    return subprocess.run(
        [sys.executable, "-m", "tests.live", *options],
        cwd=ROOT,
        env={**kept, "HOME": str(folder), "TMPDIR": str(folder), **address, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({}, 2, "CHARGEN_LIVE=1 make live"),
        ({"GEMINI_API_KEY": KEY}, 2, "CHARGEN_LIVE=1 make live"),
        ({"CHARGEN_LIVE": "1"}, 6, "set GEMINI_API_KEY"),
        ({"CHARGEN_LIVE": "1", "GEMINI_API_KEY": "  "}, 6, "set GEMINI_API_KEY"),
    ],
)
def test_without_a_key_or_a_word_of_consent_it_refuses_before_any_call(
    tmp_path: Path, emulator: Emulator, variables: dict[str, str], code: int, told: str
) -> None:
    before = sorted(tmp_path.iterdir())
    ran = live(tmp_path, emulator, **variables)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert [line.split(":")[0] for line in ran.stderr.splitlines()] == ["error", "hint"]
    assert told in ran.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert not emulator.world.root.exists()


def test_it_goes_through_and_tells_what_was_open(tmp_path: Path, emulator: Emulator) -> None:
    ran = live(
        tmp_path, emulator, "--interval", "0.1", "--cancel", CHARGEN_LIVE="1", GEMINI_API_KEY=KEY
    )
    assert ran.returncode == 0, ran.stderr
    typed = re.findall(r"^\$ chargen-batch (\w+)", ran.stderr, re.MULTILINE)
    assert typed == ["plan", "stage", "submit", "poll", "download", "apply", "report"]
    assert all(re.match(r"- \d{4}-\d\d-\d\d: ", line) for line in ran.stdout.splitlines())
    assert [fact for fact in WHAT_STAYS_OPEN if fact not in ran.stdout] == []
    assert "not understood" not in ran.stdout
    assert KEY not in ran.stdout + ran.stderr
    assert len(list(tmp_path.glob("*/story/*/*/images/*-*.png"))) == 5


def test_a_key_that_is_refused_is_said_with_what_the_service_answered(
    tmp_path: Path, emulator: Emulator
) -> None:
    ran = live(tmp_path, emulator, CHARGEN_LIVE="1", GEMINI_API_KEY="wrong-key")
    assert ran.returncode == 7
    assert "error: no model that draws takes batches here" in ran.stderr
    assert "400 (API key not valid" in ran.stdout


def test_a_command_that_fails_ends_it_with_its_code_and_the_way_on(
    tmp_path: Path, emulator: Emulator
) -> None:
    run = tmp_path / "story" / ".chargen" / "batch" / "20261122T080000Z-x7k2"
    run.mkdir(parents=True)
    (run / "state.json").write_text("{}", "utf-8")
    (tmp_path / "story" / "chargen.yaml").write_text("nonsense: 1\n", "utf-8")
    options = ("--project", str(tmp_path / "story"))
    ran = live(tmp_path, emulator, *options, CHARGEN_LIVE="1", GEMINI_API_KEY=KEY)
    assert ran.returncode == 6
    assert f"go on with: make live PROJECT={tmp_path / 'story'}" in ran.stderr
