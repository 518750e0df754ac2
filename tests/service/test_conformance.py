"""The service in memory and Google's SDK over the emulator, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.service.retry import Retrying
from tests.service.conformance import ServiceConformance
from tests.service.conformance_ends import EndsConformance
from tests.service.memory import MemoryService

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService
    from chargen_batch.service.gemini import GeminiService


class TestMemory(ServiceConformance, EndsConformance):
    @pytest.fixture
    def service(self) -> BatchService:
        return MemoryService()


class TestRetryingMemory(ServiceConformance, EndsConformance):
    @pytest.fixture
    def service(self) -> BatchService:
        return Retrying(MemoryService())


class TestGemini(ServiceConformance, EndsConformance):
    @pytest.fixture
    def service(self, emulated: GeminiService) -> BatchService:
        return emulated


class TestRetryingGemini(ServiceConformance, EndsConformance):
    @pytest.fixture
    def service(self, emulated: GeminiService) -> BatchService:
        return Retrying(emulated)
