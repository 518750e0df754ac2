"""The cache of what was read: it gives back just that, is believed when it may be, or rebuilt."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch import yaml12
from chargen_batch.model.settings import Settings
from chargen_batch.story import cache as cache_module
from chargen_batch.story import cache_file, sources
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.cache_records import Content
from chargen_batch.story.scan import StoryScan, scan
from tests.story.builder import CHAPTER, FACTS, IDEAS, LOCATION, PNG, ids, problems, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECOND_NS: Final = 1_000_000_000
PORTRAIT: Final = "characters/ada/images/portrait.png"
STORY: Final[dict[str, str | bytes]] = {
    IDEAS: "scenes: [{title: Dusk, scene: She waits.}]",
    PORTRAIT: PNG,
    LOCATION: "zones: [{slug: wheel, description: A wheel.}]",
    CHAPTER: "images: [{id: a, prompt: Two walk., depicts_characters: [ada]}]",
}


def opened(project: Path, *, after_s: int = 10) -> StoryCache:
    """Return the project's cache as a command reads it that comes ``after_s`` seconds from now."""
    return StoryCache(project, now_ns=time.time_ns() + after_s * SECOND_NS)


def scanned(project: Path, *, after_s: int = 10) -> StoryScan:
    """Scan as plan does: with the cache, which is saved."""
    cache = opened(project, after_s=after_s)
    found = scan(project, Settings(), facts=FACTS, cache=cache)
    cache.save()
    return found


def forget_scan(project: Path) -> None:
    """Remove what is known of the whole scan, so that the records of files are needed."""
    project.joinpath(*cache_file.FOLDER, cache_module.SCAN_FILE_NAME).unlink(missing_ok=True)


def story_file(project: Path) -> Path:
    return project.joinpath(*cache_file.FOLDER, cache_module.FILE_NAME)


class Counted:
    """Counts what is parsed and hashed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed: list[str] = []
        self.hashed: list[str] = []
        compose, sha256 = yaml12.compose, cache_module._sha256  # noqa: SLF001 - to be counted

        def counted_compose(raw: bytes, *, where: str) -> yaml12.Composed:
            self.parsed.append(where)
            return compose(raw, where=where)

        def counted_sha256(path: Path) -> str:
            self.hashed.append(path.name)
            return sha256(path)

        monkeypatch.setattr(yaml12, "compose", counted_compose)
        monkeypatch.setattr(cache_module, "_sha256", counted_sha256)

    def clear(self) -> None:
        self.parsed.clear()
        self.hashed.clear()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_a_cold_scan_parses_each_file_once_and_hashes_each_picture_once(
    tmp_path: Path, counted: Counted
) -> None:
    scanned(write(tmp_path, STORY))
    assert sorted(counted.parsed) == [CHAPTER, IDEAS, LOCATION]
    assert counted.hashed == ["portrait.png"]


@pytest.mark.parametrize("after_s", [10, 0])  # of a file that is that young, nothing is believed
def test_what_is_held_no_more_is_not_parsed_again(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch, after_s: int
) -> None:
    held = scan(write(tmp_path, STORY), Settings(), facts=FACTS)
    counted.clear()
    monkeypatch.setattr(sources, "MOST_HELD", 1)
    assert scanned(tmp_path, after_s=after_s) == held
    assert sorted(counted.parsed) == [CHAPTER, IDEAS, LOCATION]


def test_a_file_without_a_form_in_the_cache_is_held(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_HELD", 1)
    scanned(write(tmp_path, {**STORY, IDEAS: f"{STORY[IDEAS]!s}\nseed: {2**70}\n"}))
    assert sorted(counted.parsed) == [CHAPTER, IDEAS, LOCATION]


def test_a_warm_scan_parses_and_hashes_nothing(tmp_path: Path, counted: Counted) -> None:
    cold = scanned(write(tmp_path, STORY))
    counted.clear()
    forget_scan(tmp_path)
    assert scanned(tmp_path) == cold
    assert (counted.parsed, counted.hashed) == ([], [])


def test_a_changed_file_is_parsed_and_the_others_are_not(tmp_path: Path, counted: Counted) -> None:
    scanned(write(tmp_path, STORY))
    counted.clear()
    write(tmp_path, {LOCATION: "zones: [{slug: roof, description: A roof.}]"})
    assert ids(scanned(tmp_path)) == ["dusk", "roof", "a"]
    assert counted.parsed == [LOCATION]


def test_new_bytes_under_the_old_size_and_mtime_are_read(tmp_path: Path) -> None:
    scanned(write(tmp_path, STORY))
    old = (tmp_path / LOCATION).stat()
    write(tmp_path, {LOCATION: "zones: [{slug: while, description: A wheel.}]"})
    os.utime(tmp_path / LOCATION, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert ids(scanned(tmp_path)) == ["dusk", "while", "a"]


def test_a_young_file_is_hashed_since_it_may_have_changed_within_one_tick(
    tmp_path: Path, counted: Counted
) -> None:
    scanned(write(tmp_path, STORY), after_s=0)
    counted.clear()
    scanned(tmp_path)
    assert counted.parsed == []
    assert sorted(counted.hashed) == [
        *("image-ideas.yaml", "imagery.yaml", "imagery.yaml", "portrait.png"),
    ]


def test_what_was_hashed_in_doubt_is_believed_the_next_time(
    tmp_path: Path, counted: Counted
) -> None:
    scanned(write(tmp_path, STORY), after_s=0)
    scanned(tmp_path)
    forget_scan(tmp_path)
    counted.clear()
    scanned(tmp_path)
    assert (counted.parsed, counted.hashed) == ([], [])


@pytest.mark.parametrize("by", ["another inode", "another time"])
def test_the_same_bytes_are_not_parsed_again(tmp_path: Path, counted: Counted, by: str) -> None:
    cold = scanned(write(tmp_path, STORY))
    counted.clear()
    if by == "another inode":
        (tmp_path / "copy").write_bytes((tmp_path / LOCATION).read_bytes())
        (tmp_path / "copy").replace(tmp_path / LOCATION)
    else:
        os.utime(tmp_path / LOCATION, ns=(0, 0))
    assert scanned(tmp_path) == cold
    assert (counted.parsed, counted.hashed) == ([], ["imagery.yaml"])


def flipped(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


DAMAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda _: b"",
    "cut": lambda raw: raw[:-10],
    "flipped": flipped,
    "foreign": lambda _: b"\x93NUMPY and more",
    "another version's": lambda raw: raw.replace(b"chargen-batch ", b"chargen-batch 9", 1),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", [cache_module.FILE_NAME, cache_module.SCAN_FILE_NAME])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, name: str, damage: str) -> None:
    cold = scanned(write(tmp_path, STORY))
    if name == cache_module.FILE_NAME:
        forget_scan(tmp_path)
    file = tmp_path.joinpath(*cache_file.FOLDER, name)
    whole = file.read_bytes()
    file.write_bytes(DAMAGE[damage](whole))
    assert scanned(tmp_path) == cold
    assert len(file.read_bytes()) == len(whole)


def test_records_of_another_shape_with_a_right_checksum_count_as_none(tmp_path: Path) -> None:
    cold = scanned(write(tmp_path, STORY))
    for name in (cache_module.FILE_NAME, cache_module.SCAN_FILE_NAME):
        cache_file.write(tmp_path, name, {"not": ["a", "cache"]})
    assert scanned(tmp_path) == cold


def test_a_record_whose_data_are_no_msgpack_counts_as_none(tmp_path: Path) -> None:
    cold = scanned(write(tmp_path, STORY))
    forget_scan(tmp_path)
    known = cache_file.read(tmp_path, cache_module.FILE_NAME, Content)
    assert known
    sizes = (record.size for record in known.head.yaml.values())
    cache_file.write(tmp_path, cache_module.FILE_NAME, known.head, [b"\xc1" * sum(sizes)])
    assert scanned(tmp_path) == cold


def test_an_unchanged_story_writes_no_cache(tmp_path: Path) -> None:
    scanned(write(tmp_path, STORY))
    before = story_file(tmp_path).stat()
    scanned(tmp_path)
    assert story_file(tmp_path).stat() == before


def test_a_scan_writes_nothing_by_itself(tmp_path: Path) -> None:
    scan(write(tmp_path, STORY), Settings(), facts=FACTS, cache=opened(tmp_path))
    assert not (tmp_path / ".chargen").exists()


def test_the_cache_keeps_itself_out_of_git(tmp_path: Path) -> None:
    scanned(write(tmp_path, STORY))
    assert (tmp_path / ".chargen/.gitignore").read_bytes() == b"*\n"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    write(tmp_path, {**STORY, ".chargen": "a file where the folder should be"})
    assert scanned(tmp_path) == scanned(tmp_path)


def test_a_torn_cache_of_a_killed_plan_is_swept_up(tmp_path: Path) -> None:
    write(tmp_path, {**STORY, ".chargen/cache/.story.msgpack.1.tmp": "torn"})
    scanned(tmp_path)
    assert not list(tmp_path.joinpath(*cache_file.FOLDER).glob(".*"))


def test_two_plans_at_once_leave_a_cache_that_is_whole(tmp_path: Path) -> None:
    one, two = opened(write(tmp_path, STORY)), opened(tmp_path)
    found = scan(tmp_path, Settings(), facts=FACTS, cache=one)
    scan(tmp_path, Settings(), facts=FACTS, scope="locations", cache=two)
    one.save()
    two.save()
    assert scanned(tmp_path) == found


def test_a_scan_of_a_part_keeps_what_is_known_of_the_rest(tmp_path: Path, counted: Counted) -> None:
    scanned(write(tmp_path, STORY))
    write(tmp_path, {LOCATION: "zones: []"})
    part = opened(tmp_path)
    scan(tmp_path, Settings(), facts=FACTS, scope="locations", cache=part)
    part.save()
    counted.clear()
    scanned(tmp_path)
    assert counted.parsed == []


def test_files_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    scanned(write(tmp_path, STORY))
    (tmp_path / CHAPTER).unlink()
    write(tmp_path, {LOCATION: "zones: []"})
    scanned(tmp_path)
    known = cache_file.read(tmp_path, cache_module.FILE_NAME, Content)
    assert known
    assert sorted(known.head.yaml) == [IDEAS, LOCATION]


def test_a_problem_is_told_again_with_its_place(tmp_path: Path, counted: Counted) -> None:
    broken = {**STORY, LOCATION: "zones: [{\n", CHAPTER: "images:\n  - id: a\n"}
    cold = scanned(write(tmp_path, broken))
    assert [problem.line for problem in cold.problems] == [2, 2]
    forget_scan(tmp_path)
    counted.clear()
    assert problems(scanned(tmp_path)) == problems(cold)
    assert counted.parsed == [LOCATION]  # what has no data; places in data are remembered


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1", "a: 1.0", "a: true", "a: 'true'", "a: ~", "a:", "- 0o17\n- 0x1F\n- 0777", "[]"),
        *("a: .nan", "[.inf, -.inf]", "-0.0", "1e400", "a: 1e3", "'1'", "text", "{}", ""),
        *("{1: a, '1': b, 1.5: c, ~: d, false: e, 'false': f}", "{.nan: a}", "z: 1\na: 2\nm: 3"),
        *("a: &x {b: [1]}\nc: *x", 'a: "\\0\\x85\\u2028\\U0001F600"', "a: |\n  x\n\n  y\n"),
        *("18446744073709551615", "-9223372036854775808", "[[[[[]]]]]", "2025-12-20", "12:30"),
    ],
)
def test_awkward_yaml_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    data = yaml12.load(text.encode(), where="a.yaml")
    assert repr(kept(tmp_path, text, data)) == repr([data])


@pytest.mark.parametrize("text", ["18446744073709551616", "a: [-9223372036854775809]"])
def test_numbers_that_msgpack_has_no_form_for_are_not_kept(tmp_path: Path, text: str) -> None:
    assert kept(tmp_path, text, yaml12.load(text.encode(), where="a.yaml")) == []


def kept(project: Path, text: str, data: object) -> list[object]:
    """Return the data that the cache gives back, in a list; an empty one where it has none."""
    file = write(project, {"a.yaml": text.encode()}) / "a.yaml"
    cache = opened(project)
    cache.keep_yaml("a.yaml", file.stat(), text.encode(), 0)
    cache.keep_yaml("a.yaml", file.stat(), text.encode(), data)
    cache.save()
    known = opened(project).yaml("a.yaml", file, file.stat())
    return [] if known is None else [known.data]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
)
data = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(scalars, inner), max_leaves=30
)


@given(data)
def test_whatever_yaml_can_say_msgpack_gives_back(value: object) -> None:
    assert repr(msgspec.msgpack.decode(msgspec.msgpack.encode(value))) == repr(value)
