"""Result lines as they should not be, and as they may be though nobody expects them so."""

from __future__ import annotations

import base64
import copy
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# What is done to a good line; an analysis, which has no picture, stays good under most of them.
ODD_KINDS: Final = (
    "status",  # as row_error, but in `status`; a bare text where no code is given
    "late",  # an error, and in a later line a success
    "torn",  # a line that ends in its middle
    "foreign",  # a success whose key nobody asked for
    "no_response",  # a line with nothing but its key
    "no_candidate",  # a response without candidates, and without a word why
    "snake",  # names in snake_case
    "escaped",  # slashes are written with a backslash, as JSON allows
    "several",  # two pictures
    "draft",  # a thought with a picture of its own
    "wrong_mime",  # a picture that is called a JPEG
    "bad_data",  # base64 that does not hold
    "broken_picture",  # its last bytes are missing
    "undecodable",  # whole by its structure, but its pixels' data are none
    "wrong_size",  # not in the pixels that were asked for
)
# A PNG of 8 x 8 grey pixels, and one of which the structure holds and the data do not.
_SMALL: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGNogAIGyhgAgIQgAQ2AJGEAAAAASUVORK5C"
    "YII="
)
_UNDECODABLE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAABElEQVRub25ltPc41AAAAABJRU5ErkJggg=="
)


def odd(line: dict[str, Any], kind: str) -> dict[str, Any]:
    """Give a row's line as its kind has it; one of another kind stays as it is."""
    change = _CHANGES.get(kind)
    return change(copy.deepcopy(line)) if change else line


def spelled(text: str, kind: str) -> str:
    """Give a line's JSON as its kind spells it."""
    if kind == "torn":
        return text[: len(text) // 2]
    return text.replace("/", "\\/") if kind == "escaped" else text


def _foreign(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "key": f"{line['key']}0"}


def _without_response(line: dict[str, Any]) -> dict[str, Any]:
    return {"key": line["key"]}


def _without_candidate(line: dict[str, Any]) -> dict[str, Any]:
    del line["response"]["candidates"]
    return line


def _snake(line: dict[str, Any]) -> dict[str, Any]:
    def snaked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            return {re.sub("[A-Z]", _lower, name): snaked(item) for name, item in value.items()}
        return [snaked(item) for item in value] if isinstance(value, list) else value

    return {name: snaked(value) for name, value in line.items()}


def _lower(letter: re.Match[str]) -> str:
    return f"_{letter[0].lower()}"


def _several(line: dict[str, Any]) -> dict[str, Any]:
    for picture in _pictures(line)[:1]:
        _parts(line).append({"inlineData": {**picture, "data": _SMALL}})
    return line


def _draft(line: dict[str, Any]) -> dict[str, Any]:
    for picture in _pictures(line)[:1]:
        _parts(line).insert(0, {"inlineData": {**picture, "data": _SMALL}, "thought": True})
    return line


def _each_picture(change: Callable[[dict[str, Any]], object]) -> Callable[..., dict[str, Any]]:
    def changed(line: dict[str, Any]) -> dict[str, Any]:
        for picture in _pictures(line):
            change(picture)
        return line

    return changed


def _cut(picture: dict[str, Any]) -> None:
    whole = base64.b64decode(picture["data"])
    picture["data"] = base64.b64encode(whole[:-20]).decode()


def _parts(line: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = line["response"]["candidates"][0]["content"]["parts"]
    return parts


def _pictures(line: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["inlineData"] for part in _parts(line) if "inlineData" in part]


_CHANGES: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "foreign": _foreign,
    "no_response": _without_response,
    "no_candidate": _without_candidate,
    "snake": _snake,
    "several": _several,
    "draft": _draft,
    "wrong_mime": _each_picture(lambda picture: picture.update(mimeType="image/jpeg")),
    "bad_data": _each_picture(lambda picture: picture.update(data=picture["data"][:-9] + "%")),
    "broken_picture": _each_picture(_cut),
    "undecodable": _each_picture(lambda picture: picture.update(data=_UNDECODABLE)),
    "wrong_size": _each_picture(lambda picture: picture.update(data=_SMALL)),
}
