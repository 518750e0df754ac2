"""Models and interactive calls, by raw HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.conversation import INVALID, MISSING, MODEL, error, request_of

if TYPE_CHECKING:
    import httpx


@pytest.mark.parametrize("model", [MODEL, "gemini-nano-banana-2.1", "gemini-3.5-flash"])
def test_model_says_that_it_can_be_batched(http: httpx.Client, model: str) -> None:
    told = http.get(f"/v1beta/models/{model}").json()
    assert told["name"] == f"models/{model}"
    assert "batchGenerateContent" in told["supportedGenerationMethods"]


@pytest.mark.parametrize("model", ["gemini-2.5-flash-image", "gemini-3.1-flash-image-preview"])
def test_retired_model_is_not_found(http: httpx.Client, model: str) -> None:
    assert error(http.get(f"/v1/models/{model}")) == MISSING
    assert error(http.post(f"/v1/models/{model}:generateContent", json={})) == MISSING
    assert error(http.post(f"/v1/models/{model}:countTokens", json={})) == MISSING


def test_models_are_listed(http: httpx.Client) -> None:
    listed = http.get("/v1beta/models").json()["models"]
    assert f"models/{MODEL}" in [model["name"] for model in listed]


def test_generate_content_answers_at_once(http: httpx.Client) -> None:
    answer = http.post(f"/v1beta/models/{MODEL}:generateContent", json=request_of())
    assert "inlineData" in answer.json()["candidates"][0]["content"]["parts"][-1]


def test_generate_content_refuses_what_a_row_would_be_refused_for(http: httpx.Client) -> None:
    asked = request_of(aspectRatio="7:3")
    assert error(http.post(f"/v1beta/models/{MODEL}:generateContent", json=asked)) == INVALID


def test_tokens_are_counted(http: httpx.Client) -> None:
    contents = request_of("eight ch")["contents"]
    path = f"/v1beta/models/{MODEL}:countTokens"
    assert http.post(path, json={"contents": contents}).json()["totalTokens"] == 2
    asked = {"generateContentRequest": {"contents": contents}}
    assert http.post(path, json=asked).json()["totalTokens"] == 2
