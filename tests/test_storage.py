"""The Cloud Storage that tests use is as strict as the real one, to Google's own client."""

from __future__ import annotations

import io
import random
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage as cloud
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from tests.storage import BUCKET, Storage, storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 256 * 1024
WHOLE = random.Random(8).randbytes(3 * CHUNK + 5)  # noqa: S311 - bytes of any kind


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    with storage(tmp_path / "storage") as running:
        yield running
        assert running.pending() == {}


@pytest.fixture
def bucket(store: Storage) -> Any:  # noqa: ANN401 - the client has no types
    login = AnonymousCredentials()
    client = cloud.Client("p", login, client_options={"api_endpoint": store.base_url})
    return client.bucket(BUCKET)


def upload(bucket: Any, content: bytes = WHOLE, **options: object) -> Any:  # noqa: ANN401
    """Upload in chunks."""
    blob = bucket.blob("refs/a.png", chunk_size=CHUNK)
    blob.metadata = {"sha256": "abc"}
    blob.upload_from_file(io.BytesIO(content), content_type="image/png", **options)
    return blob


def test_upload_in_chunks_arrives_with_what_is_told_of_it(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    upload(bucket, if_generation_match=0)
    known = bucket.get_blob("refs/a.png")
    assert (known.size, known.content_type) == (len(WHOLE), "image/png")
    assert known.metadata == {"sha256": "abc"}
    assert store.read("refs/a.png") == WHOLE
    (start,) = store.asked("objects.insert.start")
    assert (start.name, start.query["ifGenerationMatch"]) == ("refs/a.png", "0")
    assert len(store.asked("objects.insert.chunk")) == 4


@pytest.mark.parametrize(
    "faults",
    [["drop_before"], ["pass", "drop_after"], ["status:503"], ["pass*3", "drop_after"]],
)
def test_upload_goes_on_after_a_chunk_that_went_wrong(
    bucket: Any,  # noqa: ANN401
    store: Storage,
    faults: list[str],
) -> None:
    store.fail("objects.insert.chunk", *faults)
    upload(bucket, if_generation_match=0)
    assert store.read("refs/a.png") == WHOLE


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\x00--\n\r\xff\r", b"{}\n"])
@pytest.mark.parametrize("kind", ["image/png", "application/json", "application/jsonl"])
def test_upload_at_once_is_the_same_to_the_byte(
    bucket: Any,  # noqa: ANN401
    store: Storage,
    content: bytes,
    kind: str,
) -> None:
    bucket.blob("a b/ö").upload_from_string(content, content_type=kind)
    assert store.read("a b/ö") == content


def test_what_is_there_is_not_written_over(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    store.put("refs/a.png", b"first")
    with pytest.raises(PreconditionFailed):
        upload(bucket, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("refs/a.png").upload_from_string(b"second", if_generation_match=0)
    assert store.read("refs/a.png") == b"first"


def test_what_came_while_an_upload_ran_is_not_written_over(
    bucket: Any,  # noqa: ANN401
    store: Storage,
) -> None:
    class Late(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == CHUNK:
                store.put("refs/a.png", b"first")
            return super().read(size)

    blob = bucket.blob("refs/a.png", chunk_size=CHUNK)
    with pytest.raises(PreconditionFailed):
        blob.upload_from_file(Late(WHOLE), if_generation_match=0)
    assert store.read("refs/a.png") == b"first"


def test_upload_whose_checksum_is_of_something_else_is_not_kept(store: Storage) -> None:
    start = httpx.post(
        f"{store.base_url}/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=a",
        trust_env=False,
    )
    headers = {"X-Goog-Hash": "crc32c=AAAAAA==", "Content-Range": "bytes 0-2/3"}
    answer = httpx.put(start.headers["location"], content=b"abc", headers=headers, trust_env=False)
    assert answer.status_code == 400
    assert store.names() == []


def test_upload_that_was_not_begun_stands_at_nothing(store: Storage) -> None:
    start = httpx.post(
        f"{store.base_url}/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=a",
        trust_env=False,
    )
    headers = {"Content-Range": "bytes */9"}
    answer = httpx.put(start.headers["location"], headers=headers, trust_env=False)
    assert (answer.status_code, "range" in answer.headers) == (308, False)


def test_other_generation_is_not_read_or_deleted(bucket: Any) -> None:  # noqa: ANN401
    old = upload(bucket).generation
    new = upload(bucket, b"new").generation
    blob = bucket.blob("refs/a.png")
    with pytest.raises(PreconditionFailed):
        blob.download_as_bytes(if_generation_match=old)
    with pytest.raises(PreconditionFailed):
        blob.delete(if_generation_match=old)
    assert blob.download_as_bytes(if_generation_match=new) == b"new"


def test_ranges_are_given_and_refused_beyond_the_end(bucket: Any) -> None:  # noqa: ANN401
    upload(bucket)
    blob = bucket.get_blob("refs/a.png")
    assert blob.download_as_bytes(start=3, end=9) == WHOLE[3:10]
    assert blob.download_as_bytes(start=-4) == WHOLE[-4:]
    with pytest.raises(Exception, match="416"):
        blob.download_as_bytes(start=len(WHOLE))


def test_spoilt_download_is_noticed_by_its_checksum(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    upload(bucket)
    store.fail("objects.download", "corrupt")
    with pytest.raises(DataCorruption):
        bucket.get_blob("refs/a.png").download_as_bytes()


def test_lists_are_by_name_and_in_pages(tmp_path: Path) -> None:
    login = AnonymousCredentials()
    with storage(tmp_path, page_size=2) as store:
        for name in ("c/2", "b", "c/10", "c/1", "a"):
            store.put(name, b"")
        client = cloud.Client("p", login, client_options={"api_endpoint": store.base_url})
        listed = [blob.name for blob in client.list_blobs(BUCKET, prefix="c/")]
        assert listed == ["c/1", "c/10", "c/2"] == store.names("c/")
        assert len(store.asked("objects.list")) == 2


def test_lists_tell_no_more_than_was_asked_for(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    store.put("a", b"x")
    (blob,) = bucket.client.list_blobs(BUCKET, fields="items(name,size),nextPageToken")
    assert (blob.name, blob.size, blob.crc32c) == ("a", 1, None)


def test_missing_things_are_told_as_google_does(bucket: Any) -> None:  # noqa: ANN401
    with pytest.raises(NotFound, match="No such object: stories/none"):
        bucket.blob("none").delete()
    nowhere = bucket.client.bucket("nowhere")
    with pytest.raises(NotFound, match="bucket does not exist"):
        nowhere.reload()
    with pytest.raises((NotFound, InvalidResponse)):
        nowhere.blob("a").upload_from_string(b"a")


def test_denied_permissions_are_told_and_kept_to(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    asked = ["storage.objects.get", "storage.objects.create"]
    assert bucket.test_iam_permissions(asked) == asked
    store.denied.add("storage.objects.create")
    assert bucket.test_iam_permissions(asked) == ["storage.objects.get"]
    with pytest.raises(Forbidden, match=r"storage\.objects\.create"):
        bucket.blob("a").upload_from_string(b"a")


def test_who_may_not_list_is_not_told_what_is_missing(bucket: Any, store: Storage) -> None:  # noqa: ANN401
    store.denied.add("storage.objects.list")
    with pytest.raises(Forbidden, match="may not exist"):
        bucket.blob("none").reload()


def test_another_folder_can_be_shown_meanwhile_and_the_first_be_copied(tmp_path: Path) -> None:
    with storage(tmp_path / "one", lasting=True) as store:
        store.put("a", b"first")
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        store.show(tmp_path / "two")
        store.put("b", b"second")
        assert store.names() == ["a", "b"]
        store.show(tmp_path / "one")
        assert store.names() == ["a"]


def test_objects_are_there_for_the_next_server_of_their_folder(tmp_path: Path) -> None:
    with storage(tmp_path) as store:
        store.put("a/b", b"kept")
    with storage(tmp_path) as store:
        assert store.names() == ["a/b"]
        assert store.read("a/b") == b"kept"
