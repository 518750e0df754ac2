"""Result files with lines of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import provenance
from tests.service.lines import PIXEL, error_line, picture_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.service.lines import Line, Results


def candidate_line(key: str, candidate: dict[str, object] | None, **response: object) -> Line:
    """Return a line with an answer of one candidate, or of none."""
    candidates = [] if candidate is None else [candidate]
    return {"key": key, "response": {"candidates": candidates, **response}}


def text_line(key: str, reason: str = "STOP", text: str = "no picture today") -> Line:
    """Return a line with text and no picture."""
    content = {"role": "model", "parts": [{"text": text}]}
    return candidate_line(key, {"content": content, "finishReason": reason})


def blocked_line(key: str, reason: str = "PROHIBITED_CONTENT") -> Line:
    """Return a line of a prompt that was blocked."""
    return candidate_line(key, None, promptFeedback={"blockReason": reason})


def snake_line(key: str) -> Line:
    """Return a line with a picture, its names in snake_case."""
    data = {"inline_data": {"mime_type": "image/png", "data": PIXEL}}
    return candidate_line(key, {"content": {"parts": [data]}, "finish_reason": "STOP"})


def thoughtful_line(key: str) -> Line:
    """Return a line with a thought, a text and two pictures."""
    data = {"inlineData": {"mimeType": "image/webp", "data": PIXEL}}
    parts = [{"text": "hm", "thought": True}, {"text": "here:"}, data, data]
    return candidate_line(key, {"content": {"parts": parts}, "finishReason": "STOP"})


def without_record(picture: bytes) -> bytes:
    """Return a PNG as it came, without the record that was put behind its header."""
    assert provenance.read(picture) is not None
    assert picture[37:41] == b"iTXt"
    return picture[:33] + picture[picture.index(b"IDAT") - 4 :]


def by_target(**answers: Callable[[str], Line | bytes | None]) -> Results:
    """Answer targets (with ``_`` for ``-``) as told, with no line for ``None``; else pictures."""
    told = {name.replace("_", "-"): answer for name, answer in answers.items()}

    def results(requests: Sequence[Line]) -> Iterable[Line | bytes]:
        for request in requests:
            key = str(request["key"])
            answer = told.get(key.rpartition("@")[0].rpartition("/")[2], picture_line)(key)
            if answer is not None:
                yield answer

    return results


def every_kind(requests: Sequence[Line]) -> Iterable[Line | bytes]:
    """Answer with errors, repeated and unknown keys, a line that does not parse, and pictures."""
    for number, request in enumerate(requests):
        key = str(request["key"])
        if number % 2:
            yield error_line(key)
            yield picture_line(f"{key}0")
            yield b"{torn\n"
        else:
            yield blocked_line(key)
            yield picture_line(key)
            yield text_line(key)


def twice(requests: Sequence[Line]) -> Iterable[Line | bytes]:
    """Answer every request with a picture, and then with an error."""
    for request in requests:
        key = str(request["key"])
        yield picture_line(key)
        yield error_line(key)
