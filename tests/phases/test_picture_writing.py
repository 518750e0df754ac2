"""Pictures on their way into a folder: what they carry, how they are called, what they never do."""

from __future__ import annotations

import errno
import hashlib
import io
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image

from chargen_batch.core import provenance
from chargen_batch.core.pictures import ReceivedPicture, inspect
from chargen_batch.model.provenance import PictureRecord
from chargen_batch.phases.picture_writing import PictureWriter
from tests.core.painted import JPEG, PNG, WEBP, painted
from tests.samples import RUN_ID, task

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.outcome import Picture

TASK: Final = task(aspect_ratio=None, image_size=None)


def received(*pictures: bytes) -> list[ReceivedPicture]:
    return [ReceivedPicture(data, inspect(data)) for data in pictures]


def write(root: Path, *pictures: bytes) -> tuple[Picture, ...]:
    writer = PictureWriter(root, RUN_ID, "google")
    written, warnings = writer.write(root / "images", TASK, received(*pictures))
    writer.settle()
    assert warnings == ()
    return written


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
def test_a_picture_carries_its_record_and_keeps_every_pixel(tmp_path: Path, data: bytes) -> None:
    (picture,) = write(tmp_path, data)
    written = (tmp_path / picture.path).read_bytes()
    assert picture.sha256 == hashlib.sha256(written).hexdigest()
    assert provenance.read(written) == PictureRecord(
        task_key=TASK.key,
        model=TASK.model,
        run_id=RUN_ID,
        provider="google",
        prompt_sha256=hashlib.sha256(TASK.prompt.encode()).hexdigest(),
    )
    before, after = (Image.open(io.BytesIO(one)) for one in (data, written))
    assert (before.tobytes(), before.size) == (after.tobytes(), after.size)


def test_written_again_nothing_changes(tmp_path: Path) -> None:
    first = write(tmp_path, PNG, WEBP)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write(tmp_path, PNG, WEBP) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_name_that_a_killed_command_left_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, PNG)
    settled: list[Path] = []
    monkeypatch.setattr("chargen_batch.disk.fsync_directory", settled.append)
    write(tmp_path, PNG)
    assert settled == [tmp_path / "images"]


def test_a_name_that_is_taken_is_never_taken_again(tmp_path: Path) -> None:
    images = tmp_path / "images"
    mine: dict[Path, bytes] = {}
    for number in range(4):
        (picture,) = write(tmp_path, PNG)
        path = tmp_path / picture.path
        assert path not in mine
        mine[path] = b"mine %d" % number
        path.write_bytes(mine[path])
    with pytest.raises(FileExistsError) as caught:
        write(tmp_path, PNG)
    assert caught.value.errno == errno.EEXIST
    assert {path: path.read_bytes() for path in images.iterdir()} == mine


@pytest.mark.parametrize("target", ["nowhere.png", "there.png"])
def test_a_link_of_that_name_stays(tmp_path: Path, target: str) -> None:
    (tmp_path / "there.png").write_bytes(b"mine")
    (tmp_path / "images").mkdir()
    link = tmp_path / "images" / f"portrait-{TASK.key_hash[:8]}.png"
    link.symlink_to(tmp_path / target)
    (picture,) = write(tmp_path, PNG)
    assert link.is_symlink()
    assert picture.path != link.relative_to(tmp_path).as_posix()
    assert (tmp_path / "there.png").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere.png").exists()


def test_a_picture_without_room_for_its_record_is_written_as_it_came(tmp_path: Path) -> None:
    packet = b"http://ns.adobe.com/xap/1.0/\0<rdf:RDF>" + b" " * 65_400 + b"</rdf:RDF>"
    segment = struct.pack(">BBH", 0xFF, 0xE1, len(packet) + 2) + packet
    full = JPEG[:2] + segment + JPEG[2:]
    writer = PictureWriter(tmp_path, RUN_ID, "google")
    (picture,), warnings = writer.write(tmp_path / "images", TASK, received(full))
    assert (tmp_path / picture.path).read_bytes() == full
    assert picture.sha256 == hashlib.sha256(full).hexdigest()
    assert warnings == (
        "it does not say where it came from: the JPEG's XMP has no room for the record",
    )


def test_pixels_that_were_not_asked_for_are_told_of_once(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path, RUN_ID, "google")
    asked = task(aspect_ratio="16:9", image_size=None)
    _, warnings = writer.write(tmp_path / "images", asked, received(PNG, painted("WEBP")))
    assert warnings == ("asked for 16:9, the picture has 30 x 40 pixels",)


def test_several_threads_write_into_one_folder(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path, RUN_ID, "google")
    long = "a" * 79
    tasks = [task(target_id=f"{long}{end}") for end in "abcdefgh" * 4]

    def one(number: int) -> Picture:
        data = painted(size=(8 + number, 9))
        (picture,), _ = writer.write(tmp_path / "images", tasks[number], received(data))
        assert inspect((tmp_path / picture.path).read_bytes()).width == 8 + number
        return picture

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(one, range(8)))
    names = {picture.path for picture in written}
    assert len(names) == 8
    assert {
        path.relative_to(tmp_path).as_posix() for path in (tmp_path / "images").iterdir()
    } == names
