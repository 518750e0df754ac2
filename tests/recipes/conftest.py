"""The place where a recipe is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.running import Place, place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Place:
    """Give a home with the example story and the command."""
    return place(tmp_path / "home")
