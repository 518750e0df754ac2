"""The mini story, planned from scratch for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.phases.world import World


@pytest.fixture(scope="package", autouse=True)
def _no_waiting_for_disks() -> Iterator[None]:
    """Leave out fsync: a crash here is one of the process, not of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world whose faults, if a test asks for any, all happen."""
    world = story.make(tmp_path / "story")
    yield world
    assert world.service.faults_left == {}
