from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chargen_batch.model.settings import VertexSettings
from chargen_batch.service import vertex

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage


def levels(service: VertexService) -> dict[str, str]:
    return {check.name: check.level for check in service.checks()}


def test_a_bucket_that_is_there_and_free_is_well_but_for_its_lifecycle(
    on_vertex: VertexService,
) -> None:
    found = levels(on_vertex)

    assert found["bucket permissions"] == "ok"
    assert found["bucket lifecycle"] == "warning"
    assert "bucket" in found


def test_a_bucket_that_is_not_there_is_all_that_is_told(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    assert on_vertex.address.base_url == emulator.base_url
    settings = VertexSettings(project="a-project", bucket="nowhere")

    with vertex.connect(settings, base_url=emulator.base_url) as service:
        (check,) = service.checks()
    assert (check.name, check.level) == ("bucket", "failed")
    assert "gcloud storage buckets create gs://nowhere" in check.advice


def test_what_is_lacking_is_named(on_vertex: VertexService, bucket: Storage) -> None:
    bucket.denied.update({"storage.objects.create", "storage.buckets.get"})

    found = {check.name: check for check in on_vertex.checks()}

    assert found["bucket"].level == "warning"
    assert found["bucket permissions"].level == "failed"
    assert "storage.objects.create" in found["bucket permissions"].seen
    assert "bucket lifecycle" not in found


def test_a_storage_that_does_not_answer_is_a_check_that_failed(
    on_vertex: VertexService, bucket: Storage
) -> None:
    bucket.fail("buckets.get", "drop_before")

    assert levels(on_vertex) == {"bucket": "failed"}
    assert os.environ["STORAGE_EMULATOR_HOST"] == bucket.base_url
