"""What a handler is given and gives back, apart from any web framework."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.refusals import bad_key, bad_request, no_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chargen_batch.emulator.world import World

MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its path's names, its query, headers and body, and who asks where."""

    world: World
    project: str
    version: str
    base_url: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> object:
        """Read the body; no body is an empty message."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise bad_request(f"Invalid JSON payload received. {error}") from error

    def page(self, default: int) -> tuple[int, str]:
        """Read how long a page is asked for, and its token."""
        asked = self.query.get("pageSize", self.query.get("page_size", "")) or str(default)
        if not asked.isdecimal():
            raise bad_request(f"Invalid value at 'page_size' (TYPE_INT32), \"{asked}\"")
        token = self.query.get("pageToken", self.query.get("page_token", ""))
        most = self.world.trouble.lists.page_size
        return min(int(asked) or default, MOST_PER_PAGE, most), token


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200: a JSON body, or a file, and headers of its own."""

    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def project_of(key: str) -> str:
    """Find the project that an API key belongs to.

    Keys that start with "wrong" or "invalid" are none; those that start with "foreign" belong to
    another project than all the rest.
    """
    if not key:
        raise no_key()
    if key.startswith(("wrong", "invalid")):
        raise bad_key()
    return "foreign" if key.startswith("foreign") else "main"
