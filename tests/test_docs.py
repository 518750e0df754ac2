"""What the documents say is so: links, commands, YAML, Python, quoted messages; the site builds."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import chargen_batch
from chargen_batch import yaml12
from chargen_batch.config.project import load
from chargen_batch.model.settings import Settings
from chargen_batch.report import advice
from chargen_batch.story.scan import scan
from tests import documents
from tests.documents import COMMANDS, DOCS, PAGES, ROOT, Block
from tests.story.builder import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPES: Final = sorted(path for path in (ROOT / "examples").iterdir() if path.is_file())
LINKS: Final = [(documents.named(page), link) for page in PAGES for link in documents.links(page)]
IMAGES: Final = sorted((ROOT / "docs/images").glob("*.*"))


def every(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in documents.blocks(page, *languages)]


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_a_link_leads_to_a_file_and_to_a_heading_of_it(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    aim = (ROOT / page).parent.joinpath(path) if path else ROOT / page
    assert aim.exists()
    assert not anchor or anchor in documents.anchors(aim)


def test_every_picture_is_shown_and_small() -> None:
    shown = {(page.parent / link).resolve() for page in DOCS for link in documents.links(page)}
    pictures = [path for path in IMAGES if path.suffix in {".png", ".svg"}]
    assert [path.name for path in pictures if path not in shown] == []
    assert [path.name for path in pictures if path.stat().st_size > 150_000] == []
    assert pictures


# --- commands -------------------------------------------------------------------------------------

TYPED: Final = sorted(
    {
        (name, shlex.join(words))
        for name, text in (
            *((block.page, block.text) for block in every("sh", "")),
            *((path.name, path.read_text("utf-8")) for path in RECIPES),
        )
        for words in documents.typed(text)
    }
)
# `plan --check` in a sentence: options of a command, and values that nobody types.
MENTIONED: Final = sorted(
    {
        (documents.named(page), each)
        for page in PAGES
        for each in re.findall(r"`(?:chargen-batch )?([a-z]+ [^`]*--[^`]+)`", documents.prose(page))
        if each.split()[0] in COMMANDS
    }
)


@pytest.mark.parametrize(("_page", "line"), TYPED)
def test_a_command_that_is_typed_is_understood(_page: str, line: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        documents.understood(shlex.split(line))


@pytest.mark.parametrize(("_page", "words"), MENTIONED)
def test_an_option_that_is_mentioned_exists(_page: str, words: str) -> None:
    name, *arguments = words.split()
    options = {option for each in COMMANDS[name].params for option in each.opts}
    assert {word for word in arguments if word.startswith("--")} <= {*options, "--help"}


def test_no_block_of_commands_is_overlooked() -> None:
    marked = {block.language for block in every()}
    assert marked <= {"sh", "yaml", "toml", "python", "json", "jsonl", "make", "text", ""}


# --- what is written in other languages -----------------------------------------------------------


# What runners read is looked at, and run, in tests/recipes.
OURS: Final = [
    block
    for block in every("yaml")
    if block.text not in {path.read_text("utf-8") for path in RECIPES}
]


@pytest.mark.parametrize("block", OURS, ids=str)
def test_yaml_is_settings_or_a_story_file_without_a_mistake(block: Block, tmp_path: Path) -> None:
    named = re.match(r"# ((?:characters|locations|chapters)/\S+)", block.text)
    if named:
        path = tmp_path / named[1]
        path.parent.mkdir(parents=True)
        path.write_text(block.text, "utf-8")
        assert scan(tmp_path, Settings(), facts=FACTS).problems == ()
    elif isinstance(yaml12.load(block.text.encode(), where=str(block)), dict):
        (tmp_path / "chargen.yaml").write_text(block.text, "utf-8")
        assert load(tmp_path, {}, {}).origins


@pytest.mark.parametrize("block", every("python"), ids=str)
def test_python_compiles(block: Block) -> None:
    assert compile(block.text, str(block), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("block", every("json"), ids=str)
def test_json_is_one_document_or_one_a_line(block: Block) -> None:
    is_one = block.text.startswith(("{\n", "[\n"))
    documents_of_it = [block.text] if is_one else block.text.splitlines()
    assert all(json.loads(text) for text in documents_of_it)


@pytest.mark.parametrize("name", [path.name for path in RECIPES if path.name != "demo.sh"])
def test_a_recipe_stands_on_its_page_as_it_is(name: str) -> None:
    page = (ROOT / "docs/recipes.md").read_text("utf-8")
    assert f"](../examples/{name})" in page
    assert f"\n{(ROOT / 'examples' / name).read_text('utf-8')}```\n" in page


# --- messages -------------------------------------------------------------------------------------

FAILURES: Final = ROOT / "docs/failures.md"
QUOTED: Final = re.findall(r"^### `(.+)`$", FAILURES.read_text("utf-8"), re.MULTILINE)


@cache
def messages() -> frozenset[str]:
    """Return every text in the package, with ``…`` where a value is put in."""
    package = Path(chargen_batch.__file__).parent
    trees = (ast.parse(path.read_text("utf-8")) for path in package.rglob("*.py"))
    return frozenset(text for tree in trees for node in ast.walk(tree) for text in _texts(node))


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
        yield "".join(str(part) for part in parts)


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_message_of_the_failure_guide_is_still_said(quoted: str) -> None:
    assert [text for text in messages() if quoted in text] != []


def test_the_failure_guide_quotes_each_message_once() -> None:
    assert len(QUOTED) == len({*QUOTED}) >= 30


def test_the_failure_guide_tells_of_every_code_of_a_dead_letter() -> None:
    table = FAILURES.read_text("utf-8").partition("## Tasks that failed")[2]
    told = set(re.findall(r"`([A-Z]+_[A-Z_]+)…?`", table))
    advised = re.findall(r'"([A-Z]+_[A-Z_]+)\*?",', Path(str(advice.__file__)).read_text("utf-8"))
    assert {*advised} <= told
    assert [code for code in told if not any(text.startswith(code) for text in messages())] == []


# --- the site -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_the_site_builds_without_a_warning_and_has_every_page(site: Path) -> None:
    pages = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    assert {page.relative_to(ROOT / "docs").as_posix() for page in DOCS} <= pages


def test_what_a_page_of_the_site_names_is_in_the_site(site: Path) -> None:
    named = {
        (page, name)
        for page in site.rglob("*.html")
        for name in re.findall(r'(?:href|src)="([^":#]+)(?:#[^"]*)?"', page.read_text("utf-8"))
        if page.name != "404.html"
    }
    assert len(named) > 100
    gone = [(page.name, name) for page, name in named if not (page.parent / name).exists()]
    assert gone == []


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    fetching = r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//[^"]+'
    pages = {
        page.name: re.findall(fetching, page.read_text("utf-8")) for page in site.rglob("*.html")
    }
    assert {name: found for name, found in pages.items() if found} == {}
