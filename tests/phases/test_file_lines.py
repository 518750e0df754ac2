"""The lines of a big file."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen_batch.phases import file_lines
from chargen_batch.phases.file_lines import BLOCK

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(path: Path, content: bytes) -> list[bytes]:
    path.write_bytes(content)
    return [bytes(line) for line in file_lines.lines_of(path)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"one", b"one\n", b"one\ntwo", b"\n\n", "one\u2028\x85\r\n two".encode(), b"\0\n"],
)
def test_lines_end_at_a_line_feed_and_nowhere_else(tmp_path: Path, content: bytes) -> None:
    assert lines_of(tmp_path / "file", content) == content.splitlines(keepends=True) or (
        b"\r" in content or b"\xc2" in content
    )
    expected = [line + b"\n" for line in content.split(b"\n")]
    expected[-1] = expected[-1][:-1]
    assert lines_of(tmp_path / "file", content) == [line for line in expected if line]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(content=st.binary(max_size=400).map(lambda text: text * 40))
def test_all_lines_together_are_the_file(tmp_path: Path, content: bytes) -> None:
    assert b"".join(lines_of(tmp_path / "file", content)) == content


@pytest.mark.parametrize(
    ("text", "is_blank"),
    [(b"\n", True), (b" \t\r\n", True), (b" " * 99, True), (b" " * 99 + b"{}\n", False)],
)
def test_a_line_of_white_space_is_blank(tmp_path: Path, text: bytes, *, is_blank: bool) -> None:
    (tmp_path / "file").write_bytes(text)
    assert [file_lines.is_blank(line) for line in file_lines.lines_of(tmp_path / "file")] == [
        is_blank
    ]


@pytest.mark.parametrize("length", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_may_be_as_long_as_it_likes(tmp_path: Path, length: int, end: bytes) -> None:
    lines = [b"{}\n", b"x" * length + b"\n", b"\n", b"y" * length + end]
    assert lines_of(tmp_path / "file", b"".join(lines)) == lines


@pytest.mark.parametrize(("length", "count"), [(1_999_999, 16), (2 * BLOCK, 4)])
def test_of_a_big_file_a_block_or_a_line_is_held(tmp_path: Path, length: int, count: int) -> None:
    with (tmp_path / "file").open("wb") as stream:
        stream.writelines(b"x" * length + b"\n" for _ in range(count))
    tracemalloc.start()
    try:
        sizes = set(map(len, file_lines.lines_of(tmp_path / "file")))
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sizes == {length + 1}
    assert held < BLOCK + (length if length > BLOCK else 0) + 100_000
