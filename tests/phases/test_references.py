"""References on their way up, several at once: what is kept, and what is not begun any more."""

from __future__ import annotations

import hashlib
import threading
from typing import IO, TYPE_CHECKING

import pytest

from chargen_batch.errors import NetworkError, StagingError
from chargen_batch.model.task import ImageRef
from chargen_batch.phases.references import References
from chargen_batch.phases.uploads import Uploads
from tests.phases import story
from tests.phases.world import Service

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.service.api import RemoteFile
    from tests.phases.world import World


class Meeting(Service):
    """A service where some uploads meet, and the first of them then fails."""

    def __init__(self, together: int, error: BaseException) -> None:
        super().__init__()
        self.barrier, self.error = threading.Barrier(together, timeout=20), error
        self.began: list[str] = []

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        with self._lock:
            self.began.append(display_name)
            is_first = len(self.began) == 1
        if len(self.began) <= self.barrier.parties:
            self.barrier.wait()
        if is_first:
            raise self.error
        return super().upload(stream, size=size, mime=mime, display_name=display_name)


@pytest.fixture
def planned(tmp_path: Path) -> World:
    return story.make(tmp_path / "story").do_all("plan")


def pictures(world: World, count: int) -> list[ImageRef]:
    """Write pictures, all different."""
    images = []
    for number in range(count):
        content = f"picture {number}".encode()
        world.write(f"pictures/{number}.png", content)
        digest = hashlib.sha256(content).hexdigest()
        path = f"pictures/{number}.png"
        images.append(ImageRef(path=path, mime="image/png", sha256=digest, role="portrait"))
    return images


def uploads(world: World, service: Service) -> Uploads:
    return Uploads(world.run, service, world.clock, until=world.clock())


def test_uploads_that_are_under_way_when_one_fails_are_kept(planned: World) -> None:
    service = Meeting(4, NetworkError("dropped"))
    kept = uploads(planned, service)
    with pytest.raises(StagingError, match=r"1 upload\(s\) failed"):
        References(planned.root, kept, at_once=4).upload(pictures(planned, 9))
    assert (len(service.files), kept.count, len(planned.run.uploaded())) == (8, 8, 8)


def test_no_more_are_under_way_at_once_than_asked_for(planned: World) -> None:
    service = Meeting(5, NetworkError("dropped"))
    service.barrier = threading.Barrier(5, timeout=0.2)
    with pytest.raises(threading.BrokenBarrierError):
        References(planned.root, uploads(planned, service), at_once=4).upload(pictures(planned, 9))
    assert len(service.began) == 4


def test_an_interrupted_command_begins_nothing_more_and_keeps_what_came(planned: World) -> None:
    service = Meeting(2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        References(planned.root, uploads(planned, service), at_once=2).upload(pictures(planned, 99))
    assert len(service.began) < 99
    assert len(planned.run.uploaded()) == len(service.files)


def test_what_changed_is_told_and_never_sent(planned: World) -> None:
    changed, same = pictures(planned, 2)
    planned.write(changed.path, b"another")
    kept = uploads(planned, planned.service)
    told = References(planned.root, kept, at_once=2).upload([changed, same])
    assert told == {changed.sha256: changed.path}
    assert list(kept.uris) == [same.sha256]


def test_a_reference_that_became_a_loop_of_links_is_a_changed_one(planned: World) -> None:
    portrait = planned.root / story.PORTRAIT
    portrait.unlink()
    portrait.symlink_to(portrait.name)
    assert planned.stage().changed == (story.PORTRAIT,)
