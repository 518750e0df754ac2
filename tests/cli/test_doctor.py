"""doctor as a person types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Shell

KEY = "AIza-a-key-that-nobody-has"


def test_all_is_well_with_the_embedded_emulator(shell: Shell) -> None:
    typed = shell("doctor --backend emulator")
    assert typed.code == 0
    assert {line.split()[0] for line in typed.out.splitlines()} == {"ok"}
    assert "ok       model gemini-3-pro-image: it is there, and takes batch jobs" in typed.out
    assert "ok       clock: it agrees with the service's" in typed.out


def test_with_quiet_what_is_well_is_not_told(shell: Shell) -> None:
    assert shell("doctor --backend emulator --quiet").out == ""


def test_without_a_key_it_is_6_and_says_what_to_do(shell: Shell) -> None:
    typed = shell("doctor --quiet")
    assert typed.code == 6
    assert typed.out.splitlines()[0] == "failed   key: there is no API key"
    assert "set GEMINI_API_KEY" in typed.out.splitlines()[1]


def test_settings_that_do_not_hold_are_6_with_their_place(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("bach: {}\n")
    typed = shell("doctor --json")
    assert typed.code == 6
    last = typed.document["checks"][-1]
    assert (last["name"], last["level"]) == ("configuration", "failed")
    assert "chargen.yaml:1:1: unknown key bach" in last["seen"]


def test_service_that_is_not_reached_is_7_at_once_and_the_key_is_not_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    typed = shell("doctor")
    assert typed.code == 7
    assert "ok       key: there is one, for gemini at http://127.0.0.1:9" in typed.out
    assert "failed   service: " in typed.out
    assert KEY not in typed.out + typed.err
    assert "trying again" not in typed.err
