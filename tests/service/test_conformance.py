"""The service in memory and Google's two, over their emulators, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from chargen_batch.service.retry import Retrying
from tests.service.conformance import (
    NAME,
    Nature,
    ReadsAtOnce,
    ReadsLater,
    ServiceConformance,
)
from tests.service.conformance_ends import EndsConformance
from tests.service.memory import MemoryService

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService
    from chargen_batch.service.gemini import GeminiService
    from chargen_batch.service.vertex_service import VertexService

_RUN = "chargen-batch/" + NAME.split("/")[1]
VERTEX = Nature(
    files=f"{_RUN}/0001-0123abcd-",
    gone=(404, "NOT_FOUND", True),
    not_for_download=(400, "INVALID_ARGUMENT", False),  # nothing is sent for such a name
    equal_uploads_are_one=True,
    deletes_live_jobs=False,
    unknown_file=f"{_RUN}/0001-0123abcd-{'0' * 16}.jsonl",
    unknown_job="projects/1/locations/us-central1/batchPredictionJobs/4000000000000000000",
    unknown_results=f"gs://stories/{_RUN}/out/0001-0123abcd/prediction-model-never",
)


class TestMemory(ServiceConformance, EndsConformance, ReadsAtOnce):
    @pytest.fixture
    def service(self) -> BatchService:
        return MemoryService()


class TestRetryingMemory(ServiceConformance, EndsConformance, ReadsAtOnce):
    @pytest.fixture
    def service(self) -> BatchService:
        return Retrying(MemoryService())


class TestGemini(ServiceConformance, EndsConformance, ReadsAtOnce):
    @pytest.fixture
    def service(self, emulated: GeminiService) -> BatchService:
        return emulated


class TestRetryingGemini(ServiceConformance, EndsConformance, ReadsAtOnce):
    @pytest.fixture
    def service(self, emulated: GeminiService) -> BatchService:
        return Retrying(emulated)


class TestVertex(ServiceConformance, EndsConformance, ReadsLater):
    nature: ClassVar[Nature] = VERTEX

    @pytest.fixture
    def service(self, on_vertex: VertexService) -> BatchService:
        return on_vertex


class TestRetryingVertex(ServiceConformance, EndsConformance, ReadsLater):
    nature: ClassVar[Nature] = VERTEX

    @pytest.fixture
    def service(self, on_vertex: VertexService) -> BatchService:
        return Retrying(on_vertex)
