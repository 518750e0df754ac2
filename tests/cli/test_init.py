"""init and config: where a project begins, and what holds in it."""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import config, yaml12
from chargen_batch.cli.main import main
from chargen_batch.model.settings import Settings
from chargen_batch.phases import init

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Shell

EXAMPLE = Path(__file__).parents[2] / "examples" / "lantern-coast"
TEMPLATE = importlib.resources.files("chargen_batch").joinpath("settings.yaml").read_text("utf-8")


def test_init_writes_a_file_that_changes_nothing(tmp_path: Path) -> None:
    assert main(["init", "--project", str(tmp_path)]) == 0
    assert (tmp_path / "chargen.yaml").read_text("utf-8") == TEMPLATE
    assert config.load(tmp_path, {}, {}).settings == Settings()


def test_every_setting_stands_in_it_at_its_default() -> None:
    uncommented = re.sub(r"^#(?=(  )?[a-z])", "", TEMPLATE, flags=re.MULTILINE)
    every = msgspec.json.decode(msgspec.json.encode(Settings()))
    assert yaml12.load(uncommented.encode(), where="t") == every


def test_init_never_overwrites(shell: Shell) -> None:
    before = (shell.root / "chargen.yaml").read_bytes()
    typed = shell("init")
    assert (typed.code, (shell.root / "chargen.yaml").read_bytes()) == (0, before)
    assert "is there already, and stays as it is" in typed.out


def test_init_makes_the_folder_that_it_is_given(tmp_path: Path) -> None:
    assert main(["init", "--project", str(tmp_path), "new/story", "--quiet"]) == 0
    assert [path.name for path in (tmp_path / "new/story").iterdir()] == ["chargen.yaml"]


def test_the_example_is_written_whole(shell: Shell) -> None:
    document = shell("init --example --json").document
    there = shell.root / "lantern-coast"
    assert document["folder"] == str(there)
    files = {path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()}
    assert {Path(name) for name in document["written"]} == files
    assert all((there / name).read_bytes() == (EXAMPLE / name).read_bytes() for name in files)


def test_the_wheel_has_the_example_where_init_looks_for_it() -> None:
    pyproject = tomllib.loads((EXAMPLE.parents[1] / "pyproject.toml").read_text("utf-8"))
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"examples/lantern-coast": f"chargen_batch/{init.PACKAGED}"}


def test_the_example_has_no_mistake(tmp_path: Path) -> None:
    assert main(["init", "--project", str(tmp_path), "--example", "mine"]) == 0
    assert main(["validate", "--project", str(tmp_path / "mine")]) == 0


def test_the_example_overwrites_nothing(shell: Shell) -> None:
    typed = shell("init --example .")
    assert (typed.code, typed.out) == (2, "")
    assert "is there already, and not an empty folder" in typed.err


def test_config_prints_every_setting_and_where_it_came_from(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEN_STYLE__BASE", "ink")
    lines = shell("config --backend emulator").out.splitlines()
    assert 'style.base = "ink"  (CHARGEN_STYLE__BASE)' in lines
    assert "batch.max_tasks_per_job = 2  (chargen.yaml)" in lines
    assert 'batch.backend = "emulator"  (option)' in lines
    assert "batch.max_cost_usd = 50.0  (default)" in lines


def test_config_is_a_document_too(shell: Shell) -> None:
    document = shell("config --json").document
    names = [setting["name"] for setting in document["settings"]]
    assert names == [
        setting.name for setting in config.all_settings(config.load(shell.root, {}, {}))
    ]
    assert document["project"] == str(shell.root)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", document["pricesOf"])


def test_mistakes_in_the_configuration_stop_every_command_with_their_places(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("stroy: x\nbatch: 5\n")
    typed = shell("config")
    assert (typed.code, typed.out) == (6, "")
    assert [line.partition(": ")[0] for line in typed.err.splitlines()[:2]] == [
        "chargen.yaml:1:1",
        "chargen.yaml:2:8",
    ]
    assert len(shell("plan --json").document["error"]["problems"]) == 2
