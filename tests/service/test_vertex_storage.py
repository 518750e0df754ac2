from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service import vertex_objects, vertex_storage
from tests.service.conformance import NAME, request_file, upload
from tests.service.vertexes import PNG, RUN, upload_picture, write_shards

if TYPE_CHECKING:
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage

REFERENCE = f"chargen-batch/refs/{hashlib.sha256(PNG).hexdigest()}.png"


def test_a_reference_is_called_by_its_sha256_and_its_type(on_vertex: VertexService) -> None:
    file = upload_picture(on_vertex)

    assert file.name == REFERENCE
    assert file.uri == f"gs://stories/{REFERENCE}"
    assert (file.mime, file.size) == ("image/png", len(PNG))
    assert file.sha256 == hashlib.sha256(PNG).hexdigest()


def test_a_request_file_is_called_by_its_run_its_job_and_its_sha256(
    on_vertex: VertexService, bucket: Storage
) -> None:
    content = request_file("a")

    file = upload(on_vertex, content)

    assert file.name == f"{RUN}/0001-0123abcd-{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
    assert bucket.read(file.name) == content


def test_a_reference_is_sent_once_for_all_runs(on_vertex: VertexService, bucket: Storage) -> None:
    one, two = upload_picture(on_vertex, run="a"), upload_picture(on_vertex, run="b")

    assert one == two
    (sent,) = bucket.asked("objects.insert")
    assert sent.query["ifGenerationMatch"] == "0"
    assert [call.status for call in bucket.asked("objects.get")] == [404, 200]


def test_an_upload_is_counted_on_for_thirty_days_after_it_was_written(
    on_vertex: VertexService, bucket: Storage
) -> None:
    before = datetime.now(UTC)
    file = upload_picture(on_vertex)

    for told in (file, on_vertex.get_file(file.name), *on_vertex.list_files()):
        assert told.expires_at is not None
        assert before <= told.expires_at - timedelta(days=30) <= datetime.now(UTC)
    assert len(bucket.asked("objects.insert")) == 1


def test_an_object_that_may_be_gone_before_a_job_has_ended_is_sent_over_itself(
    on_vertex: VertexService, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = upload_picture(on_vertex)
    monkeypatch.setattr(vertex_objects, "NEEDED_LIFE", timedelta(days=30))

    again = upload_picture(on_vertex)

    new, over = (call.query["ifGenerationMatch"] for call in bucket.asked("objects.insert"))
    assert (new, int(over) > 0) == ("0", True)
    assert bucket.names() == [first.name]
    assert again.expires_at is not None
    assert first.expires_at is not None
    assert again.expires_at > first.expires_at


def test_an_object_that_outlives_a_job_is_left_as_it_is(
    on_vertex: VertexService, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = upload_picture(on_vertex)
    monkeypatch.setattr(vertex_objects, "LIFE", timedelta(days=4, hours=1))

    assert upload_picture(on_vertex).uri == first.uri

    assert len(bucket.asked("objects.insert")) == 1


def test_nothing_is_asked_for_that_is_not_needed(on_vertex: VertexService, bucket: Storage) -> None:
    upload_picture(on_vertex)

    assert [call.method for call in bucket.calls] == ["objects.get", "objects.insert"]


def test_who_was_faster_is_believed_when_it_is_the_same(
    on_vertex: VertexService, bucket: Storage
) -> None:
    upload_picture(on_vertex)
    bucket.fail(
        "objects.get", "status:404"
    )  # as if the first look had come before the other's upload

    file = upload_picture(on_vertex)

    assert file.name == REFERENCE
    assert [call.status for call in bucket.asked("objects.insert")] == [200, 412]


def test_an_object_that_is_not_what_its_name_says_is_an_error_naming_it(
    on_vertex: VertexService, bucket: Storage
) -> None:
    bucket.put(REFERENCE, PNG[::-1])

    with pytest.raises(ServiceError, match="not what its name says") as error:
        upload_picture(on_vertex)
    assert f"gcloud storage rm gs://stories/{REFERENCE}" in error.value.hint
    assert bucket.read(REFERENCE) == PNG[::-1]


def test_an_upload_whose_answer_is_lost_is_found_by_the_next(
    on_vertex: VertexService, bucket: Storage
) -> None:
    bucket.fail("objects.insert", "drop_after")
    with pytest.raises(NetworkError):
        upload_picture(on_vertex)

    assert upload_picture(on_vertex).size == len(PNG)
    assert len(bucket.asked("objects.insert")) == 1


def test_a_large_file_goes_in_chunks(on_vertex: VertexService, bucket: Storage) -> None:
    content = b"x" * (vertex_storage.CHUNK_BYTES + 1)

    file = upload(on_vertex, content)

    assert bucket.read(file.name) == content
    (start,) = bucket.asked("objects.insert.start")
    assert start.query["ifGenerationMatch"] == "0"
    assert len(bucket.asked("objects.insert.chunk")) == 2


def test_a_large_file_goes_on_behind_a_chunk_whose_answer_is_lost(
    on_vertex: VertexService, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = vertex_storage.CHUNK_RETRY.with_delay(initial=0.001)
    monkeypatch.setattr(vertex_storage, "CHUNK_RETRY", at_once)
    content = b"x" * (vertex_storage.CHUNK_BYTES + 1)
    bucket.fail("objects.insert.chunk", "drop_after")

    file = upload(on_vertex, content)

    assert bucket.read(file.name) == content
    assert len(bucket.asked("objects.insert.start")) == 1


def test_a_file_that_became_shorter_is_not_sent(on_vertex: VertexService, bucket: Storage) -> None:
    with pytest.raises(ServiceError, match="became shorter"):
        on_vertex.upload(io.BytesIO(b"{}"), size=3, mime="application/jsonl", display_name=NAME)
    assert bucket.calls == []


class Changing(io.BytesIO):
    """A file that somebody writes to when it has been read once."""

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Go back to the beginning of what is another content by then."""
        if whence == 0:
            self.getbuffer()[:2] = b"??"
        return super().seek(place, whence)


@pytest.mark.parametrize("size", [100, vertex_storage.CHUNK_BYTES + 1])
def test_of_a_file_that_changes_while_it_is_sent_nothing_is_left(
    on_vertex: VertexService, bucket: Storage, size: int
) -> None:
    stream = Changing(b"x" * size)

    with pytest.raises(ServiceError, match="changed while it was sent"):
        on_vertex.upload(stream, size=size, mime="application/jsonl", display_name=NAME)

    assert bucket.names() == []
    (removed,) = bucket.asked("objects.delete")
    assert int(removed.query["ifGenerationMatch"]) > 0
    assert upload(on_vertex, stream.getvalue()).size == size


def test_a_request_file_of_no_job_of_ours_is_not_sent(
    on_vertex: VertexService, bucket: Storage
) -> None:
    for name in ("requests.jsonl", "chargen-batch/../0001/0123abcd", f"{NAME}/../../refs"):
        with pytest.raises(ServiceError, match="called otherwise"):
            upload(on_vertex, request_file("a"), name)
    assert bucket.calls == []


def test_a_deleted_reference_is_left_to_the_other_runs(
    on_vertex: VertexService, bucket: Storage
) -> None:
    file = upload_picture(on_vertex)

    on_vertex.delete_file(file.name)

    assert bucket.names() == [REFERENCE]
    assert bucket.asked("objects.delete") == []


def test_results_and_what_is_not_ours_are_no_files(
    on_vertex: VertexService, bucket: Storage
) -> None:
    write_shards(bucket, b"{}\n")
    bucket.put("chargen-batch/notes.txt", b"mine")
    bucket.put("other/refs/" + "0" * 64 + ".png", b"another project's")
    file = upload_picture(on_vertex)

    assert [listed.name for listed in on_vertex.list_files()] == [file.name]


@pytest.mark.parametrize(
    "name", ["chargen-batch/notes.txt", "other/a.jsonl", f"{RUN}/out/0001-0123abcd/x/a.jsonl", ""]
)
def test_only_uploads_are_looked_at_or_deleted(
    on_vertex: VertexService, bucket: Storage, name: str
) -> None:
    for act in (on_vertex.get_file, on_vertex.delete_file):
        with pytest.raises(ServiceError, match="no name of a file") as error:
            act(name)
        assert error.value.http_status == 400
    assert bucket.calls == []


@pytest.mark.parametrize(
    ("fault", "status"), [("status:429", 429), ("status:503", 503), ("html:502", 502)]
)
def test_a_refusal_of_cloud_storage_is_ours_with_its_status(
    on_vertex: VertexService, bucket: Storage, fault: str, status: int
) -> None:
    bucket.fail("objects.get", fault)

    with pytest.raises(ServiceError) as error:
        upload_picture(on_vertex)
    assert error.value.http_status == status
    assert len(bucket.asked("objects.get")) == 1  # repeats are made above


def test_what_is_not_permitted_is_403_with_the_roles_that_are_needed(
    on_vertex: VertexService, bucket: Storage
) -> None:
    bucket.denied.add("storage.objects.create")

    with pytest.raises(ServiceError, match=r"storage\.objects\.create") as error:
        upload_picture(on_vertex)
    assert (error.value.http_status, error.value.status) == (403, "PERMISSION_DENIED")
    assert "roles/aiplatform.user" in error.value.hint
