"""What docs/python-api.md shows works as it stands, and is well typed."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import chargen_batch
from chargen_batch import Project, Run

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = Path(__file__).parents[2] / "docs" / "python-api.md"
TEXT: Final = PAGE.read_text("utf-8")
FENCE: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def whole_page() -> str:
    """Return the page's program: its examples, each on the lines where the page has it."""
    lines = [""] * len(TEXT.splitlines())
    for block in FENCE.finditer(TEXT):
        first = TEXT.count("\n", 0, block.start(1))
        code = block[1].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines) + "\n"


def test_the_examples_run_one_after_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    exec(compile(whole_page(), str(PAGE), "exec"), {})  # noqa: S102 - it is our own page
    out = capsys.readouterr().out
    assert "Summary(total=2, success=2, failed=0, open=0" in out
    assert "completed 7 drawn, 0 failed" in out
    assert "PhaseEnded(" in out


def test_the_examples_are_well_typed(tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    program.write_text(whole_page(), "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    checked = subprocess.run(
        [*mypy, str(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.stdout == "Success: no issues found in 1 source file\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("chargen_batch.Project.open('.').nothing()", '"Project" has no attribute "nothing"'),
        ("chargen_batch.Projekt", 'Module has no attribute "Projekt"'),
        ("chargen_batch.Project.open('.', backend='mine')", "incompatible type \"Literal['mine"),
        ("chargen_batch.Project.open('.').plan().write().id", '"None" of "Run | None" has no'),
    ],
)
def test_a_wrong_program_is_seen_by_a_type_checker(tmp_path: Path, code: str, told: str) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    program = f"import chargen_batch\n\n{code}\n"
    checked = subprocess.run(
        [*mypy, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told in checked.stdout


def public(kind: type) -> list[tuple[str, Callable[..., Any]]]:
    return [
        (name, value)
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and (callable(value) or isinstance(value, property))
    ]


@pytest.mark.parametrize("name", [name for name, _ in public(Run)])
def test_the_page_tells_of_everything_that_a_run_has(name: str) -> None:
    assert re.search(rf"`{name}[`(]", TEXT)


@pytest.mark.parametrize("name", [name for name, _ in public(Project)])
def test_the_page_tells_of_everything_that_a_project_has(name: str) -> None:
    assert re.search(rf"[`.]{name}\b", TEXT)


@pytest.mark.parametrize(("name", "method"), public(Run) + public(Project))
def test_arguments_go_by_name(name: str, method: object) -> None:
    if isinstance(method, property) or name in {"open", "run"}:
        return
    assert callable(method)
    _, *arguments = inspect.signature(method).parameters.values()
    assert {each.kind for each in arguments} <= {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", chargen_batch.__all__)
def test_a_stable_name_is_there_and_documented(name: str) -> None:
    thing = getattr(chargen_batch, name)
    assert name == "__version__" or inspect.getdoc(thing)
    assert name in dir(chargen_batch)
