"""Result lines from their JSON; a field that nobody needs need not be what it should be."""

from __future__ import annotations

from typing import Any, Final, TypeVar, get_args

import msgspec

from chargen_batch.model.wire import ResultLine

# Without these it is not known whose an answer is, or what it is.
_NEEDED: Final = frozenset(
    {"key", "response", "error", "status", "candidates", "content", "parts", "inline_data", "data"}
)

S = TypeVar("S", bound=msgspec.Struct)

# Not strict: proto3 JSON may write a number as a string.
_DECODER: Final = msgspec.json.Decoder(ResultLine, strict=False)


def result_line(line: memoryview | bytes) -> ResultLine:
    """Decode a line; what was paid for is not lost over a count of tokens that is none.

    Raises:
        msgspec.DecodeError: It is not JSON, or a field that is needed is not what it should be.

    """
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError:
        return _read(line, ResultLine)


def _read(text: msgspec.Raw | memoryview | bytes, kind: type[S]) -> S:
    there = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in there:
            try:
                values[field.name] = _value(there[field.encode_name], field.type)
            except msgspec.ValidationError:
                if field.name in _NEEDED:
                    raise
    return kind(**values)


def _value(text: msgspec.Raw, kind: Any) -> Any:  # noqa: ANN401 - any field's type
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except msgspec.ValidationError:
        for each in get_args(kind):
            if isinstance(each, type) and issubclass(each, msgspec.Struct):
                return _read(text, each)
            if items := get_args(each):
                one = items[0]
                return tuple(_read(item, one) for item in _items(text))
        raise


def _items(text: msgspec.Raw) -> list[msgspec.Raw]:
    return msgspec.json.decode(text, type=list[msgspec.Raw])
