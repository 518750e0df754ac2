"""Every command's --json has the shape that docs/json.md tells of."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.main import get_command

from chargen_batch import errors
from chargen_batch.cli.app import app
from chargen_batch.cli.documents.base import ErrorDocument
from chargen_batch.cli.main import main
from chargen_batch.phases import stage
from tests.cli import json_docs, json_shapes
from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Shell

# One worker types the commands, one after another.
pytestmark = pytest.mark.xdist_group("json")

COMMANDS = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own group, untyped
# They speak to a person, or to a client.
WITHOUT_JSON: Final = {"emulator", "menu", "review"}
HERE: Final = "/home/ines/potter"
# What is typed one after another; the name is that of the example in the page.
TYPED: Final = (
    ("status none", "status"),
    ("validate", "validate"),
    ("plan", "plan --diff --target throwing-a-bowl --backend emulator"),
    ("error", "download"),
    ("usage", "plan --no-such-option"),
    ("stage", "stage --backend emulator"),
    ("submit", "submit --backend emulator"),
    ("poll", "poll --backend emulator"),
    ("poll again", "poll --backend emulator"),
    ("status", "status"),
    ("download", "download --backend emulator"),
    ("apply", "apply --yes --backend emulator"),
    ("report", "report --backend emulator"),
    ("show", "show throwing-a-bowl"),
    ("explain", "explain {picture}"),
    ("retry", "retry"),
    ("run", "run --yes --target door-opens --interval 0.05 --backend emulator"),
    ("cleanup local", "cleanup --local --older-than 0 --dry-run"),
    ("plan second", "plan --target carrying-wood --backend emulator"),
    ("resume", "resume --yes --backend emulator"),
    ("cancel", "cancel --yes --backend emulator"),
    ("cleanup", "cleanup --backend emulator"),
    ("revert", "revert {run} --dry-run"),
    ("adopt", "adopt {mine} fire-mouth --dry-run"),
    ("runs", "runs"),
    ("runs cost", "runs --cost"),
    ("status story", "status --story --only ines"),
    ("config", "config"),
    ("doctor", "doctor --backend emulator"),
    ("init", "init"),
)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give what each command printed, typed with --json in one project."""
    root = tmp_path_factory.mktemp("json") / "potter"
    found: dict[str, str] = {}
    story.make(root)
    for name, command in TYPED:
        if name == "init":
            shutil.rmtree(root)
            root.mkdir()
        found[name] = _typed(root, command.format(**_names(root, found)))
    return found


def _names(root: Path, found: dict[str, str]) -> dict[str, str]:
    """Return the run planned first, a picture of ours, and one of somebody else's."""
    ours = [path for path in root.glob("characters/ines/images/*.*") if path.stem != "portrait"]
    return {
        "run": json.loads(found["plan"])["runId"] if "plan" in found else "",
        "picture": str(ours[0]) if ours else "",
        "mine": str(root / story.PORTRAIT),
    }


def _typed(root: Path, command: str) -> str:
    """Type a command; stdout is one document, of the code that the command ends with."""
    name, *words = command.split()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([name, "--project", str(root), *words, "--json"])
    told = json.loads(out.getvalue())
    assert (told["command"], told["exitCode"]) == (name, code)
    return out.getvalue().replace(str(root), HERE)


@pytest.mark.parametrize("name", [name for name, _ in TYPED])
def test_stdout_is_one_document_of_its_type(printed: dict[str, str], name: str) -> None:
    is_error = name in {"error", "usage"}
    assert isinstance(json_shapes.decoded(printed[name]), ErrorDocument) == is_error


def test_every_command_has_a_document() -> None:
    kinds = {json_shapes.command_of(kind) for kind in json_shapes.DOCUMENTS}
    assert kinds == set(COMMANDS) - WITHOUT_JSON
    assert all(_takes_json(COMMANDS[command]) for command in kinds)


@pytest.mark.parametrize("command", sorted(WITHOUT_JSON & set(COMMANDS)))
def test_a_command_without_a_document_refuses_json(shell: Shell, command: str) -> None:
    typed = shell(f"{command} --json")
    assert (typed.code, typed.document["error"]["code"]) == (2, "USAGE")


def _takes_json(command: Any) -> bool:  # noqa: ANN401 - Typer's own, untyped
    return any("--json" in each.opts for each in command.params)


def test_every_type_of_a_document_is_printed_by_a_test(printed: dict[str, str]) -> None:
    seen = {type(json_shapes.decoded(each)) for each in printed.values()}
    assert seen == set(json_shapes.EVERY)


@pytest.fixture(scope="module")
def renewed(printed: dict[str, str]) -> None:
    """Write the page anew with UPDATE_GOLDEN=1, from what was printed."""
    if os.environ.get("UPDATE_GOLDEN"):
        told: dict[str, Any] = json.loads(printed["config"])
        short = json.dumps({**told, "settings": told["settings"][:4]})
        json_docs.renew({**printed, "config": short})


@pytest.mark.usefixtures("renewed")
def test_the_page_tells_of_every_type() -> None:
    assert sorted(json_docs.tables()) == sorted(json_shapes.types())


@pytest.mark.usefixtures("renewed")
@pytest.mark.parametrize("name", sorted(json_shapes.types()))
def test_the_pages_table_is_the_type(name: str) -> None:
    table = json_docs.tables()[name]
    assert [row[:2] for row in table] == [*json_shapes.rows(json_shapes.types()[name])]
    assert all(what for _, _, what in table), "say what each key is"


@pytest.mark.usefixtures("renewed")
@pytest.mark.parametrize("name", sorted(json_docs.examples()))
def test_the_pages_example_is_a_document(name: str) -> None:
    example = json_docs.examples()[name]
    json_shapes.decoded(example)
    assert example == json_docs.pretty(json.loads(example)) + "\n"


def test_the_page_has_an_example_of_every_command() -> None:
    shown = {json.loads(each)["command"] for each in json_docs.examples().values()}
    assert shown == set(COMMANDS) - WITHOUT_JSON


@pytest.mark.usefixtures("renewed")
def test_the_schema_is_that_of_the_types() -> None:
    assert json_docs.SCHEMA.read_text("utf-8") == json_shapes.schema()


def test_the_page_has_every_errors_code() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \| (\d+)", json_docs.PAGE.read_text("utf-8"), re.MULTILINE)
    codes = {(kind.code, str(int(kind.exit_code))) for kind in _errors(errors.BatchError)}
    assert set(told) == codes | {("BUG", "70")}


def _errors(kind: type[errors.BatchError]) -> Iterator[type[errors.BatchError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _errors(each) if each.__module__.startswith("chargen_batch") else ()


def test_a_bug_is_a_document_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.plan()
    monkeypatch.setattr(stage, "run", None)
    typed = shell("stage --backend emulator --json")
    assert (typed.code, typed.document["error"]["code"]) == (70, "BUG")
    assert typed.document["error"]["hint"].split()[-1].endswith("traceback.log")
    assert typed.err.count("\n") == 1


def test_75_is_said_in_the_document(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("poll --backend emulator --json --quiet")
    assert (typed.code, typed.document["runs"][0]["exitCode"]) == (75, 75)
    assert typed.err == ""


def test_nothing_to_do_is_a_document_with_a_note(shell: Shell) -> None:
    typed = shell("stage --json --quiet")
    assert (typed.code, typed.document["runs"]) == (0, [])
    assert typed.document["note"]


def test_problems_stand_in_the_error(shell: Shell) -> None:
    (shell.root / story.KILN).write_text("zones: [\n")
    found = json_shapes.decoded(shell("plan --json").out)
    assert isinstance(found, ErrorDocument)
    assert found.error.problems


def test_an_error_of_a_run_stands_at_the_run(shell: Shell) -> None:
    shell.plan()
    (run,) = shell("submit --json").document["runs"]
    assert (run["exitCode"], run["error"]["code"]) == (3, "STATE_ERROR")
