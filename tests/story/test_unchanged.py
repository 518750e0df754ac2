"""A scan is remembered while nothing that it looked at changed, and only then."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from chargen_batch.model.settings import Settings, Style
from chargen_batch.story import cache_file
from chargen_batch.story.cache import SCAN_FILE_NAME, StoryCache
from chargen_batch.story.scan import StoryScan, scan
from chargen_batch.story.sources import Sources
from tests.story.builder import FACTS, LOCATION, PNG, write
from tests.story.test_cache import PORTRAIT, STORY, opened, scanned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.sources import Source

OUTSIDE: Final = "art/ada.png"
FILES: Final[dict[str, str | bytes]] = {
    **STORY,
    "characters/ada/imagery.yaml": f"""
        image_inventory:
          - {{id: a, path: ../../{OUTSIDE}, is_reference_portrait: true}}
    """,
    "characters/ada/profile.md": "# Ada\n",
}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the files that scans looked into, which grows."""
    looked: list[str] = []
    imagery = Sources.imagery

    def counted(sources: Sources, entity: Entity) -> Source | None:
        looked.append(entity.slug)
        return imagery(sources, entity)

    monkeypatch.setattr(Sources, "imagery", counted)
    return looked


def remembers(project: Path, compiled: list[str], found: StoryScan | None = None) -> bool:
    """Say whether a scan of now looks into no file, as it finds what the last one found."""
    compiled.clear()
    now = scanned(project)
    assert found is None or now == found
    return not compiled


def test_an_unchanged_story_is_not_looked_into_again(tmp_path: Path, compiled: list[str]) -> None:
    cold = scanned(write(tmp_path, FILES))
    assert remembers(tmp_path, compiled, cold)


CHANGES: Final[dict[str, Callable[[Path], object]]] = {
    "a text": lambda root: write(root, {LOCATION: "zones: [{slug: wheel, description: A heel.}]"}),
    "a portrait": lambda root: write(root, {PORTRAIT: PNG + b"!"}),
    "a portrait is gone": lambda root: (root / PORTRAIT).unlink(),
    "a new file": lambda root: write(root, {"characters/ada/images/dusk.png": PNG}),
    "a new entity": lambda root: write(root, {"characters/zoe/image-ideas.yaml": "scenes: []"}),
    "prose": lambda root: write(root, {"characters/ada/profile.md": "# Ava\n"}),
    "a picture elsewhere": lambda root: write(root, {OUTSIDE: PNG}),
    "a time": lambda root: os.utime(root / LOCATION, (0, 0)),
    "a folder is a link": lambda root: (root / "locations/mill/images").symlink_to(root),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_looked_into(tmp_path: Path, compiled: list[str], change: str) -> None:
    scanned(write(tmp_path, FILES))
    CHANGES[change](tmp_path)
    assert not remembers(tmp_path, compiled)
    assert scanned(tmp_path) == scan(tmp_path, Settings(), facts=FACTS)


def test_a_change_outside_of_what_was_looked_for_is_none(
    tmp_path: Path, compiled: list[str]
) -> None:
    cold = scanned(write(tmp_path, FILES))
    write(tmp_path, {"art/zoe.png": PNG, "README.md": "new"})
    assert remembers(tmp_path, compiled, cold)


@pytest.mark.parametrize(
    "choice",
    [
        {"settings": Settings(style=Style(base="ink"))},
        {"facts": msgspec.structs.replace(FACTS, max_references=0)},
        {"scope": "locations"},
        {"only": ("a*",)},
    ],
    ids=lambda choice: str(*choice),
)
def test_what_is_asked_for_otherwise_is_found_anew(tmp_path: Path, choice: dict[str, Any]) -> None:
    scanned(write(tmp_path, FILES))
    asked: dict[str, Any] = {"settings": Settings(), "facts": FACTS, **choice}
    found = scan(tmp_path, cache=opened(tmp_path), **asked)
    assert found == scan(tmp_path, **asked)
    assert found != scan(tmp_path, Settings(), facts=FACTS)


def test_every_parameter_of_a_scan_belongs_to_what_it_is_remembered_by() -> None:
    """One that is new goes into ``asked`` in ``scan``, and then into this list."""
    known = ["project", "settings", "facts", "scope", "only", "cache", "prompt_mode", "portraits"]
    assert list(inspect.signature(scan).parameters) == [*known, "seen"]  # which only looks on


def test_a_story_with_links_is_never_remembered(tmp_path: Path, compiled: list[str]) -> None:
    write(tmp_path, {**FILES, "elsewhere/overview.md": "# Mill\n"})
    (tmp_path / "locations/mill/overview.md").symlink_to(tmp_path / "elsewhere/overview.md")
    scanned(tmp_path)
    assert not remembers(tmp_path, compiled)


@pytest.mark.parametrize("young", [PORTRAIT, OUTSIDE])
def test_a_story_with_young_files_is_not_remembered(
    tmp_path: Path, compiled: list[str], young: str
) -> None:
    write(tmp_path, {**FILES, OUTSIDE: PNG})
    os.utime(tmp_path / young, (4e9, 4e9))  # as young as can be: of the next century
    scanned(tmp_path)
    assert not remembers(tmp_path, compiled)


def test_a_scan_of_another_shape_counts_as_none(tmp_path: Path, compiled: list[str]) -> None:
    cold = scanned(write(tmp_path, FILES))
    known = StoryCache(tmp_path).scan()
    assert known
    other = msgspec.structs.replace(known.head, sizes=(5,))
    cache_file.write(tmp_path, SCAN_FILE_NAME, other, [b"\xa4text"])
    compiled.clear()
    assert scanned(tmp_path) == cold
    assert compiled


def test_a_project_in_a_folder_whose_name_is_no_text_is_scanned(tmp_path: Path) -> None:
    project = tmp_path / os.fsdecode(b"\xff")
    project.mkdir()
    assert scanned(write(project, STORY)) == scanned(project)
