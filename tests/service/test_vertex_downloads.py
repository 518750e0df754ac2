from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service import vertex_downloads
from chargen_batch.service.retry import Retrying
from chargen_batch.service.vertex_storage import Bucket
from tests.service.conformance import fetch
from tests.service.vertexes import OUTPUT, RUN, write_shards

if TYPE_CHECKING:
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage

WITHOUT_END = b'{"key": "b"}'
SHARDS = (b'{"key": "a"}\n', WITHOUT_END, b"", b'{"key": "c"}\n{"key": "d"}')
WHOLE = b'{"key": "a"}\n{"key": "b"}\n{"key": "c"}\n{"key": "d"}'


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex_downloads, "RANGE_BYTES", 5)


def test_shards_are_one_file_with_a_line_end_between_any_two(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, *SHARDS)

    assert fetch(on_vertex, name) == WHOLE


def test_a_file_goes_on_from_any_byte(on_vertex: VertexService, bucket: Storage) -> None:
    name = write_shards(bucket, *SHARDS)

    assert [fetch(on_vertex, name, offset) for offset in range(len(WHOLE) + 1)] == [
        WHOLE[offset:] for offset in range(len(WHOLE) + 1)
    ]


def test_the_whole_size_is_told_and_nothing_is_beyond_it(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, *SHARDS)

    with on_vertex.download(name, offset=7) as download:
        assert (download.offset, download.total) == (7, len(WHOLE))
    with pytest.raises(ServiceError) as error, on_vertex.download(name, offset=len(WHOLE) + 1):
        pass
    assert error.value.http_status == 416


def test_only_shards_are_read(on_vertex: VertexService, bucket: Storage) -> None:
    name = write_shards(bucket, b'{"key": "a"}\n')
    bucket.put(f"{OUTPUT}/predictions.jsonl.tmp", b"half of it")
    bucket.put(f"{OUTPUT}-other/predictions.jsonl", b"another job's")

    assert fetch(on_vertex, name) == b'{"key": "a"}\n'


def test_shards_of_nothing_are_an_empty_file(on_vertex: VertexService, bucket: Storage) -> None:
    assert fetch(on_vertex, write_shards(bucket, b"", b"")) == b""


def test_a_directory_without_shards_is_404(on_vertex: VertexService) -> None:
    with pytest.raises(ServiceError) as error, on_vertex.download(f"gs://stories/{OUTPUT}"):
        pass
    assert (error.value.http_status, error.value.google) == (404, True)


def test_each_range_is_of_the_object_that_was_listed(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, WITHOUT_END)

    fetch(on_vertex, name)

    ranges = bucket.asked("objects.download")
    assert {call.headers["range"] for call in ranges} == {"bytes=0-4", "bytes=5-9", "bytes=10-11"}
    assert all(int(call.query["ifGenerationMatch"]) > 0 for call in ranges)


def test_a_shard_that_is_replaced_meanwhile_is_not_mixed_with_the_old_one(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, WHOLE * 10)

    with on_vertex.download(name) as download:
        assert next(download.chunks) == WHOLE[:5]
        write_shards(bucket, WHOLE[::-1] * 10)
        with pytest.raises(ServiceError) as error:
            list(download.chunks)
    assert error.value.http_status == 412


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_range_that_does_not_come_is_a_network_error(
    on_vertex: VertexService, bucket: Storage, fault: str
) -> None:
    name = write_shards(bucket, WITHOUT_END)
    bucket.fail("objects.download", fault)

    with pytest.raises(NetworkError, match=f"the download of {name}"):
        fetch(on_vertex, name)


TRUNCATED = ("truncate", "truncate_chunked", "truncate_close")


@pytest.mark.parametrize("kind", TRUNCATED)
def test_half_a_range_is_asked_for_again(
    on_vertex: VertexService, bucket: Storage, kind: str
) -> None:
    name = write_shards(bucket, WITHOUT_END)
    bucket.fail("objects.download", kind, kind)

    assert fetch(Retrying(on_vertex), name) == WITHOUT_END


@pytest.mark.parametrize("kind", TRUNCATED)
def test_a_range_that_is_cut_each_time_is_an_error_of_the_network(
    on_vertex: VertexService, bucket: Storage, kind: str
) -> None:
    name = write_shards(bucket, b"{}\n")
    bucket.fail("objects.download", *[kind] * 5)

    with pytest.raises(NetworkError, match=f"the download of {name}"):
        fetch(Retrying(on_vertex), name)


def test_who_opened_a_file_has_got_some_of_it(on_vertex: VertexService, bucket: Storage) -> None:
    name = write_shards(bucket, WITHOUT_END)
    bucket.fail("objects.download", "pass", "truncate")

    with Retrying(on_vertex).download(name) as download:
        came = [next(download.chunks)]
        with pytest.raises(NetworkError):
            came += download.chunks
    assert came == [WITHOUT_END[:5]]
    assert fetch(on_vertex, name, 5) == WITHOUT_END[5:]


def test_a_range_of_which_not_all_came_is_a_network_error(
    on_vertex: VertexService, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write_shards(bucket, WITHOUT_END)
    monkeypatch.setattr(Bucket, "read", lambda *_: b"{}")  # as an answer without a length may be

    with pytest.raises(NetworkError, match="2 of 5 bytes"):
        fetch(on_vertex, name)


def test_what_came_is_compared_with_the_checksum_of_each_shard(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, *SHARDS)

    with on_vertex.download(name) as download:
        whole = b"".join(download.chunks)

    spoilt = whole[:3] + b"?" + whole[4:]
    assert download.is_intact(io.BytesIO(whole))
    for other in (spoilt, whole[:-1], whole + b"\n", whole.replace(b"\n", b" ")):
        assert not download.is_intact(io.BytesIO(other))


def test_a_byte_that_changed_on_the_way_is_seen(on_vertex: VertexService, bucket: Storage) -> None:
    name = write_shards(bucket, WITHOUT_END)
    bucket.fail("objects.download", "corrupt")

    with on_vertex.download(name) as download:
        came = b"".join(download.chunks)

    assert len(came) == len(WITHOUT_END)
    assert not download.is_intact(io.BytesIO(came))


def test_whoever_waits_is_let_go_when_it_is_stopped(
    on_vertex: VertexService, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, never = write_shards(bucket, WITHOUT_END), threading.Event()
    monkeypatch.setattr(vertex_downloads, "_piece", lambda *at: at[2] and never.wait(60))

    with on_vertex.download(name) as download:
        threading.Timer(0.05, download.stop).start()
        next(download.chunks)
        with pytest.raises(NetworkError, match="was stopped"):
            next(download.chunks)
    never.set()


def test_not_more_than_a_few_ranges_are_fetched_ahead(
    on_vertex: VertexService, bucket: Storage
) -> None:
    name = write_shards(bucket, WHOLE * 10)

    with on_vertex.download(name) as download:
        next(download.chunks)
        assert len(bucket.asked("objects.download")) <= vertex_downloads.RANGES_AHEAD


@pytest.mark.parametrize(
    "name",
    [
        f"gs://other/{OUTPUT}",
        f"gs://stories/{RUN}/out/0001-0123abcd",
        f"gs://stories/{OUTPUT}/../../x",
        "gs://stories/chargen-batch/refs",
        "files/batch-job123",
        "",
    ],
)
def test_only_the_output_of_a_job_of_ours_is_downloaded(
    on_vertex: VertexService, bucket: Storage, name: str
) -> None:
    with pytest.raises(ServiceError, match="no output directory"), on_vertex.download(name):
        pass
    assert bucket.calls == []


def test_lines_of_all_shards_are_there_whatever_their_ends(
    on_vertex: VertexService, bucket: Storage
) -> None:
    shards = [json.dumps({"key": f"k{number}"}).encode() for number in range(9)]

    lines = fetch(on_vertex, write_shards(bucket, *shards)).split(b"\n")

    assert lines == shards
