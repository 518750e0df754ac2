"""Ids that are the same in every run of the same calls."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import httpx

from chargen_batch.emulator.server import serve
from chargen_batch.emulator.store import Store
from tests.emulator.conversation import job, upload

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"x-goog-api-key": "k"}


def said(state: Path, *contents: bytes) -> dict[bytes, str]:
    with (
        serve(state, ids="counted") as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as http,
    ):
        return {content: upload(http, content) for content in contents}


def created(state: Path) -> str:
    with (
        serve(state, ids="counted") as emulator,
        httpx.Client(base_url=emulator.base_url, headers=KEY, trust_env=False) as http,
    ):
        return job(http)


def test_the_same_calls_get_the_same_ids_in_any_order(tmp_path: Path) -> None:
    there = said(tmp_path / "one", b"a", b"b")
    back = said(tmp_path / "two", b"b", b"a")
    assert there == back
    assert len(set(there.values())) == 2


def test_the_same_call_again_gets_another_id_which_a_restart_does_not_repeat(
    tmp_path: Path,
) -> None:
    ids = [said(tmp_path / "one", b"a")[b"a"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert ids == [said(tmp_path / "two", b"a")[b"a"] for _ in range(3)]


def test_jobs_are_counted_by_their_display_name(tmp_path: Path) -> None:
    first, second = created(tmp_path / "one"), created(tmp_path / "one")
    assert first == created(tmp_path / "two") != second


def test_a_state_of_the_version_before_learns_to_count(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    with Store(path).transaction():
        pass
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE counter; PRAGMA user_version = 1;")
    connection.close()
    with Store(path).transaction() as records:
        assert (records.count("a"), records.count("a"), records.counted("b")) == (0, 1, 0)
