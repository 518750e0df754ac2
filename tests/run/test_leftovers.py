from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.run import leftovers, runs
from tests import samples

if TYPE_CHECKING:
    from pathlib import Path

NOW: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        (".20261121T075959Z-x7k2.tmp", False),
        (".20261121T080001Z-x7k2.tmp", True),
        (".20269999T080001Z-x7k2.tmp", True),
        (".20261122T075959Z-x7k2.removed", False),
        ("20261121T075959Z-x7k2", True),
        (".notes.tmp", True),
        ("notes.removed", True),
    ],
)
def test_what_is_half_made_for_a_day_or_half_removed_goes(
    tmp_path: Path, name: str, *, stays: bool
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "state.json").write_text("{}")
    leftovers.sweep(tmp_path, now=NOW)
    assert folder.exists() == stays


def test_a_link_and_a_file_with_such_a_name_stay(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / ".old.removed").symlink_to(kept)
    (tmp_path / ".20250101T000000Z-a.tmp").write_text("")
    leftovers.sweep(tmp_path, now=NOW)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_plan_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    runs_dir = tmp_path / ".chargen" / "batch"
    (runs_dir / ".20251122T080000Z-dead.tmp").mkdir(parents=True)
    runs.make(runs_dir, samples.plan(), samples.state(), [samples.task()])
    assert sorted(path.name for path in runs_dir.iterdir()) == [samples.RUN_ID, "current"]
