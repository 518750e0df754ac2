"""How many tokens a request takes, about as the service counts them."""

from __future__ import annotations

from typing import Any

TOKENS_PER_PICTURE_READ = 258


def count_tokens(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count tokens by modality, about as the service does."""
    parts = [part for content in contents for part in content.get("parts", [])]
    texts = sum(tokens_in(part["text"]) for part in parts if "text" in part)
    pictures = sum("inlineData" in part or "fileData" in part for part in parts)
    counts = {"TEXT": texts, "IMAGE": pictures * TOKENS_PER_PICTURE_READ}
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]


def tokens_of(request: dict[str, Any]) -> int:
    """Count the tokens of a request's prompt and system instruction."""
    counts = count_tokens([*request["contents"], request.get("systemInstruction", {})])
    return sum(count["tokenCount"] for count in counts)


def tokens_in(text: str) -> int:
    """Count a text's tokens."""
    return max(1, len(text) // 4)
