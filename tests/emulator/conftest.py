"""A running emulator with a clock that a test can set, and clients that talk to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from google import genai
from google.genai import types

from chargen_batch.emulator.server import Emulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 0, 0, 0, 123456, UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def pass_hours(self, hours: float) -> None:
        """Move on."""
        self.now += timedelta(hours=hours)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(tmp_path: Path, clock: Clock) -> Iterator[Emulator]:
    with serve(tmp_path / "emulator", now=clock) as running:
        yield running
        assert running.faults.pending() == {}


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    key = {"x-goog-api-key": "test"}
    with httpx.Client(base_url=emulator.base_url, headers=key, trust_env=False) as client:
        yield client


@pytest.fixture
def sdk(emulator: Emulator) -> Iterator[genai.Client]:
    with httpx.Client(trust_env=False) as client:
        options = types.HttpOptions(
            base_url=emulator.base_url, api_version="v1beta", httpx_client=client, timeout=30_000
        )
        yield genai.Client(api_key="test", vertexai=False, http_options=options)
