"""A running emulator with a clock that a test can set, and clients that talk to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from google import genai
from google.genai import types
from google.oauth2 import service_account

from chargen_batch.emulator.server import Emulator, serve
from tests.accounts import account_file
from tests.emulator.vertex import Vertex
from tests.storage import storage as cloud_storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.storage import Storage


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


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with cloud_storage(tmp_path / "storage") as running:
        yield running
        assert running.pending() == {}


@pytest.fixture
def vertex(emulator: Emulator, storage: Storage) -> Iterator[Vertex]:
    emulator.world.storage = storage.direct_url
    token = {"Authorization": "Bearer test"}
    with httpx.Client(base_url=emulator.base_url, headers=token, trust_env=False) as client:
        yield Vertex(client, storage)


@pytest.fixture
def vertex_sdk(emulator: Emulator, storage: Storage, tmp_path: Path) -> Iterator[genai.Client]:
    emulator.world.storage = storage.direct_url
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    file = account_file(tmp_path, emulator.base_url)
    login = service_account.Credentials.from_service_account_file(str(file), scopes=scopes)
    with httpx.Client(trust_env=False) as client:
        options = types.HttpOptions(base_url=emulator.base_url, httpx_client=client, timeout=30_000)
        yield genai.Client(
            vertexai=True,
            project="a-project",
            location="us-central1",
            credentials=login,
            http_options=options,
        )
