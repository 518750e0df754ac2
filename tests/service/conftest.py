"""Google's service behind pytest-httpx, and retries that do not sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from chargen_batch.emulator.server import serve
from chargen_batch.model.settings import VertexSettings
from chargen_batch.service import vertex
from chargen_batch.service.gemini import GeminiService, connect
from tests.accounts import account_file
from tests.service.calls import BASE_URL, KEY
from tests.storage import BUCKET, storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage


@pytest.fixture(autouse=True)
def _retries_do_not_sleep() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


@pytest.fixture(scope="session")
def gemini() -> Iterator[GeminiService]:
    """Give a service whose every request meets pytest-httpx; it keeps nothing between tests."""
    with connect(api_key=KEY, base_url=BASE_URL) as service:
        yield service


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """Give a Gemini service on loopback."""
    with serve(tmp_path / "emulator") as emulator:
        yield emulator


@pytest.fixture
def emulated(emulator: Emulator) -> Iterator[GeminiService]:
    """Give a service that speaks to the emulator."""
    with connect(
        api_key=KEY,
        base_url=emulator.base_url,
        timeout_s=2.0,
        backend="emulator",
        trust_env=False,
    ) as service:
        yield service


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Storage]:
    """Give a Cloud Storage on loopback; all that shall go wrong there does."""
    with storage(tmp_path / "storage") as running:
        yield running
        assert running.pending() == {}


@pytest.fixture
def on_vertex(
    emulator: Emulator, bucket: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VertexService]:
    """Give a service that speaks to the emulators of Vertex AI and of Cloud Storage."""
    emulator.world.storage = bucket.direct_url
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.base_url)
    login = account_file(tmp_path, emulator.base_url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login))
    settings = VertexSettings(project="a-project", bucket=BUCKET)
    with vertex.connect(settings, base_url=emulator.base_url, timeout_s=5.0) as service:
        yield service
