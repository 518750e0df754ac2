from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.emulator.faults import Fault
from tests.cli.test_pipeline import ALL, TO_APPLYING

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator
    from tests.cli.conftest import Shell

KEY: Final = "AIzaSyNobodysKeyButThisTestsOwn-01234567"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.base_url)


def produced(shell: Shell) -> str:
    """Return all that the commands have printed and written."""
    printed = [typed.out + typed.err for typed in shell.typed]
    files = [path for path in shell.root.rglob("*") if path.is_file()]
    return "\n".join([*printed, *(path.read_text("utf-8", "replace") for path in files)])


@pytest.mark.parametrize("options", ["", "--json"])
def test_the_key_and_upload_urls_are_in_nothing_that_is_produced(
    shell: Shell, options: str
) -> None:
    assert [shell(f"{command} {options}").code for command in ALL] == [0] * 7
    everything = produced(shell)
    assert KEY not in everything
    assert "upload_id" not in everything


def test_the_key_is_in_no_error(shell: Shell, emulator: Emulator) -> None:
    shell("plan")
    for method in ("files.upload.start", "batches.create", "batches.get", "files.download"):
        emulator.faults.add(method, Fault("status:403"))
    for command in TO_APPLYING[1:]:
        codes = [shell(command).code, shell(command).code]
        assert codes in ([7, 0], [1, 0]), command
    assert KEY not in produced(shell)


def test_the_key_may_stand_in_the_projects_env_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    (shell.root / ".env").write_text(f"GEMINI_API_KEY={KEY}\nOTHER=thing\n")
    assert [shell(command).code for command in ("plan", "stage")] == [0, 0]
    (shell.root / ".env").unlink()
    assert KEY not in produced(shell)


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("another-of-the-project", 0, ""),
        ("foreign-key", 7, "was staged with another API key"),
        ("wrong-key", 7, "does not accept this key"),
    ],
)
def test_a_run_goes_on_with_a_key_that_sees_what_it_has_there(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, key: str, code: int, said: str
) -> None:
    shell("plan")
    shell("stage")
    monkeypatch.setenv("GEMINI_API_KEY", key)
    typed = shell("submit")
    assert (typed.code, said in typed.err) == (code, True)
    assert key not in produced(shell)
