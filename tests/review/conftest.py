"""A story whose pictures are drawn, its review on a real socket, and a browser of sorts."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from chargen_batch import yaml12
from chargen_batch.api.session import Session
from chargen_batch.phases.review import Desk
from chargen_batch.review.server import serve
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.review.server import Served


@dataclass(slots=True)
class Browser:
    """A browser that was let in, and what it would send."""

    served: Served
    root: Path
    desk: Desk
    asked: threading.Semaphore
    client: httpx.Client = field(init=False)
    room: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.served.base_url, trust_env=False)

    @property
    def origin(self) -> dict[str, str]:
        """Return the header that a browser sends with each write."""
        return {"origin": self.served.base_url}

    def enter(self, code: str | None = None) -> httpx.Response:
        """Send the code from behind the link's ``#``, as the way in does."""
        said = {"code": self.served.keys.link if code is None else code}
        return self.client.post("/opened", json=said, headers=self.origin)

    def open(self) -> str:
        """Enter, and load the page."""
        self.room = self.enter().json()["at"]
        page = self.client.get(self.room).text
        self.token = re.findall(r'<meta name="review-token" content="([^"]+)">', page)[0]
        return page

    def ids(self) -> dict[str, str]:
        """Return the ids of the pictures on the page, by their titles."""
        tasks = re.findall(r'data-task="([^"]+)".*?<h4[^>]*>([^<]+)</h4>', self.open(), re.DOTALL)
        return {title: picture_id for picture_id, title in tasks}

    def decide(self, decision: Any, **headers: str) -> httpx.Response:  # noqa: ANN401 - whatever is sent
        """Send a decision as the page does, but for what is given."""
        sent = {**self.origin, "x-review-token": self.token, **headers}
        self.asked.release()
        return self.client.post(f"{self.room}decisions", json=decision, headers=sent)

    def wait_until_asked(self, times: int = 1) -> None:
        """Wait until so many decisions have been sent."""
        for _ in range(times):
            assert self.asked.acquire(timeout=10)

    def entry(self) -> dict[str, Any]:
        """Return the first entry of the potter's."""
        path = self.root / story.INES
        data: Any = yaml12.load(path.read_bytes(), where=story.INES)
        found: dict[str, Any] = data["image_inventory"][0]
        return found


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project whose pictures are drawn, to copy."""
    world = story.make(tmp_path_factory.mktemp("drawn") / "story")
    world.do_all("plan", *COMMANDS[:-1])
    return world.root


@pytest.fixture
def drawn(tmp_path: Path, project: Path) -> Path:
    """Give a project of one's own whose pictures are drawn."""
    return shutil.copytree(project, tmp_path / "story")


@pytest.fixture
def browser(drawn: Path) -> Iterator[Browser]:
    """Give a browser at a review of all drafts of the story."""
    with at(drawn) as browser:
        yield browser


@contextlib.contextmanager
def at(project: Path, wait_s: float = 0.0) -> Iterator[Browser]:
    """Serve a review of all drafts of a story, and give a browser."""
    with Session(project, lock_timeout_s=wait_s) as session:
        desk = Desk(
            session.project,
            lambda: session.story_held("review", given_up=lambda: desk.has_ended),
        )
        with serve(desk) as served:
            browser = Browser(served, project, desk, threading.Semaphore(0))
            with browser.client:
                yield browser
