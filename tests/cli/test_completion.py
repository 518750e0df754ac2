"""What a shell offers at Tab, asked for as the shells do it: in a process, by variables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.phases import story

if TYPE_CHECKING:
    from tests.cli.conftest import Shell
    from tests.phases.world import World

BIN: Final = Path(sys.executable).parent
# What a line in bash leads to: the function that its own `complete` names, called as it is there.
DRIVER: Final = """
eval "$(chargen-batch --show-completion)"
read -ra words <<< "$(complete -p chargen-batch)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"${words[-2]}" chargen-batch
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give a story whose run was planned."""
    return story.make(tmp_path / "story").do_all("plan")


def offered(root: Path, *words: str, **environ: str) -> list[str]:
    """Return what bash's protocol is answered for words, the last of which is being typed."""
    line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return asked(root, "complete_bash", **line, **environ)


def asked(root: Path, what: str, **environ: str) -> list[str]:
    """Run the command as a shell's completion does; it never fails, and says nothing else."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "_CHARGEN_BATCH_COMPLETE": what, **environ}
    done = subprocess.run(
        ["chargen-batch"], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_runs_are_offered_newest_first(world: World) -> None:
    first = world.run.run_id
    world.do_all("cancel")
    world.clock.passes(60)
    world.do_all("plan")
    second = world.run.run_id
    assert offered(world.root, "chargen-batch", "status", "--run", "") == [second, first]
    assert offered(world.root, "chargen-batch", "revert", first[:16]) == [first]


def test_a_run_is_offered_with_its_phase_and_date(world: World) -> None:
    line = "chargen-batch stage --run "
    (found,) = asked(world.root, "complete_zsh", _TYPER_COMPLETE_ARGS=line)
    run_id = world.run.run_id
    assert f'"{run_id}":"planned, of 2026-11-22 08' in found


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("plan --only", ["ines", "tomas", "old-kiln", "first-firing"]),
        ("plan --scope locations --only", ["old-kiln"]),
        ("validate --only", ["ines", "tomas", "old-kiln", "first-firing"]),
        ("plan --scope", ["characters", "locations", "chapters", "all"]),
        ("plan --backend", ["gemini", "vertex", "emulator"]),
        ("plan --target", list(story.TARGETS)),
        ("plan --only ines --target", ["throwing-a-bowl", "carrying-wood"]),
        ("show", list(story.TARGETS)),
        ("adopt portrait.png", list(story.TARGETS)),
    ],
)
def test_the_words_that_fit_are_offered(world: World, typed: str, expected: list[str]) -> None:
    assert offered(world.root, "chargen-batch", *typed.split(), "") == expected


def test_only_what_begins_as_the_typed_word_is_offered(world: World) -> None:
    assert offered(world.root, "chargen-batch", "plan", "--only", "i") == ["ines"]
    assert offered(world.root, "chargen-batch", "show", "ines/c") == ["ines/carrying-wood"]
    assert offered(world.root, "chargen-batch", "show", "location/old-kiln/fi") == [
        "location/old-kiln/fire-mouth",
        "location/old-kiln/first-smoke",
    ]


def test_namesakes_are_offered_with_their_entities(world: World) -> None:
    (world.root / "characters/tomas/image-ideas.yaml").write_text(
        "character: {name: Tomas, summary: a smith}\n"
        "scenes: [{title: Carrying Wood, scene: Tomas carries wood.}]\n"
    )
    found = offered(world.root, "chargen-batch", "show", "")
    assert {"ines/carrying-wood", "tomas/carrying-wood"} < set(found)
    assert "carrying-wood" not in found


def test_models_sizes_and_types_are_offered(world: World) -> None:
    models = offered(world.root, "chargen-batch", "plan", "--model", "gemini-3-pro")
    assert models == ["gemini-3-pro-image"]
    sizes = offered(world.root, "chargen-batch", "plan", "--image-size", "")
    assert {"1K", "2K"} < set(sizes)
    typed = "- slug: fire-mouth\n    image_type: detail"
    world.write(story.KILN, world.read(story.KILN).replace("- slug: fire-mouth", typed))
    assert offered(world.root, "chargen-batch", "plan", "--image-type", "") == ["detail"]


def test_the_project_may_be_elsewhere(world: World, tmp_path: Path) -> None:
    root = str(world.root)
    there = offered(tmp_path, "chargen-batch", "plan", "--project", root, "--only", "o")
    told = offered(tmp_path, "chargen-batch", "plan", "--only", "o", CHARGEN_PROJECT=root)
    assert there == told == ["old-kiln"]


def test_nothing_is_written(world: World) -> None:
    shutil.rmtree(world.root / ".chargen" / "cache", ignore_errors=True)
    before = {path: path.stat().st_mtime_ns for path in world.root.rglob("*")}
    for words in (["show", ""], ["plan", "--only", ""], ["stage", "--run", ""]):
        assert offered(world.root, "chargen-batch", *words)
    assert {path: path.stat().st_mtime_ns for path in world.root.rglob("*")} == before


@pytest.mark.parametrize("words", [["show", ""], ["plan", "--only", ""], ["stage", "--run", ""]])
def test_without_a_project_nothing_is_offered(tmp_path: Path, words: list[str]) -> None:
    assert offered(tmp_path, "chargen-batch", *words) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_broken_is_passed_over(world: World) -> None:
    (world.run.path / "state.json").write_bytes(b"{\xff")
    world.write(story.KILN, "zones: [")
    world.write("chargen.yaml", "batch: {no_such: 1}\n")
    assert offered(world.root, "chargen-batch", "stage", "--run", "") == [world_run(world)]
    assert "throwing-a-bowl" in offered(world.root, "chargen-batch", "show", "")


def world_run(world: World) -> str:
    (path,) = world.root.glob(".chargen/batch/2*")
    return path.name


def test_neither_the_service_nor_its_libraries_are_loaded(world: World) -> None:
    code = (
        "import sys; from chargen_batch.cli.main import main; main([]);"
        "print(*{'httpx', 'google', 'stamina'} & {*sys.modules})"
    )
    line = {"COMP_WORDS": "chargen-batch show ", "COMP_CWORD": "2"}
    env = {**os.environ, "_CHARGEN_BATCH_COMPLETE": "complete_bash", **line}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=world.root, env=env, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [*story.TARGETS]


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pl"], ["plan"]),
        (["plan", "--sco"], ["--scope"]),
        (["plan", "--scope", "ch"], ["characters", "chapters"]),
        (["plan", "--only", "t"], ["tomas"]),
        (["show", "ines/"], ["ines/throwing-a-bowl", "ines/carrying-wood"]),
    ],
)
def test_bash_completes(world: World, words: list[str], expected: list[str]) -> None:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", DRIVER, "bash", "chargen-batch", *words],
        cwd=world.root,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.splitlines(), done.stderr) == (expected, "")


def test_the_script_can_be_installed(shell: Shell, tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", "chargen-batch --install-completion; true"],
        cwd=shell.root,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "completion installed in" in done.stdout
    assert "chargen-batch" in (tmp_path / ".bashrc").read_text()


# What a folder may be called, and what a shell would do about it.
HOSTILE: Final = (
    "$(touch PWNED)",
    "a;touch PWNED",
    "b`touch PWNED`",
    "$(touch${IFS}PWNED)",
    "*",
    "two words",
    "q'uote",
    'dq"x',
    "back\\slash",
    "-rf",
    "a>PWNED",
    "~",
    "{a,b}",
)


@pytest.fixture
def hostile(world: World) -> World:
    """Give a story with folders and titles that are named after commands."""
    text = world.read("characters/ines/image-ideas.yaml")
    for name in HOSTILE:
        world.write(f"characters/{name}/image-ideas.yaml", text)
    shapes = ("$(touch PWNED)", "`touch PWNED`", "\\$(touch PWNED)", '"; touch PWNED; "', "';[red]")
    for number, title in enumerate(shapes):
        scene = f"scenes: [{{title: {json.dumps(title)}, scene: A room.}}]\n"
        world.write(f"characters/zz-{number}/image-ideas.yaml", f"character: {{name: Z}}\n{scene}")
    return world


def test_no_word_is_offered_that_a_shell_would_obey(hostile: World) -> None:
    found = offered(hostile.root, "chargen-batch", "plan", "--only", "")
    zs = [f"zz-{number}" for number in range(5)]
    assert found == ["ines", "tomas", *zs, "old-kiln", "first-firing"]
    for word in offered(hostile.root, "chargen-batch", "show", ""):
        assert re.fullmatch(r"[\w/.-]+", word), word


def test_no_description_has_what_a_shell_would_obey(hostile: World) -> None:
    for line in ("chargen-batch show ", "chargen-batch plan --only "):
        found = asked(hostile.root, "complete_zsh", _TYPER_COMPLETE_ARGS=line)
        offers = "\n".join(found).removeprefix("_arguments '*: :((").removesuffix("))'")
        assert "zz-3" in offers
        assert not set(offers) & set("$`;'[]{}<>|&*?~!#"), offers
        assert "\\" not in offers.replace("\\\\:", "")


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_tab_and_enter_run_nothing_of_the_story(hostile: World) -> None:
    line = 'eval "chargen-batch plan --only ${COMPREPLY[0]}" > /dev/null\n'
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    for typed in ("$", "a", "b", "q", "*"):
        words = ["chargen-batch", "plan", "--dry-run", "--only", typed]
        subprocess.run(
            ["bash", "--norc", "-c", DRIVER + line, "bash", *words],
            cwd=hostile.root,
            env=env,
            capture_output=True,
            check=False,
        )
    assert not list(hostile.root.rglob("PWNED"))
