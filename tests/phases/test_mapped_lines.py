"""The lines of a file that is looked at where it lies."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen_batch.phases.mapped_lines import texts

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(path: Path, content: bytes) -> list[bytes]:
    path.write_bytes(content)
    found = []
    for text in texts(path):
        text.let_go()
        found.append(bytes(text.view))
    return found


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
    assert [line.is_blank for line in texts(tmp_path / "file")] == [is_blank]


def test_of_a_big_file_nothing_is_copied(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as stream:
        stream.writelines(b"x" * 2_000_000 + b"\n" for _ in range(16))
    tracemalloc.start()
    try:
        sizes = {len(text.view) for text in texts(tmp_path / "file")}
        assert (sizes, tracemalloc.get_traced_memory()[1] < 100_000) == ({2_000_001}, True)
    finally:
        tracemalloc.stop()
