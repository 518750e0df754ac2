from __future__ import annotations

import pytest

from chargen_batch.core import backends, limits


@pytest.mark.parametrize("backend", ["gemini", "emulator"])
def test_the_emulator_has_the_limits_and_the_words_of_what_it_stands_for(backend: str) -> None:
    assert limits.of(backend) is limits.GEMINI
    assert backends.words(backend) is backends.GEMINI


def test_vertex_has_a_bucket_of_ones_own_and_a_limit_by_requests() -> None:
    found = limits.of("vertex")
    assert (found.job_requests, found.job_bytes) == (200_000, 10**9)
    assert (found.stored_bytes, found.live_jobs, found.file_life_h) == (None, None, None)
    assert found.needed_life_h == found.job_life_h == 96
    assert found.shares_references
    assert not found.queues_tokens


def test_the_words_of_vertex_name_nothing_of_the_developer_api() -> None:
    words = backends.words("vertex")
    said = " ".join(getattr(words, name) for name in words.__slots__)
    assert not any(each in said for each in ("API key", "AI Studio", "GEMINI"))
