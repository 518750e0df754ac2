"""What doctor is to know of Vertex AI beside the rest: whether its jobs can work in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import bucket as judged
from chargen_batch.core import checkup
from chargen_batch.errors import BatchError, ServiceError
from chargen_batch.service.vertex_refusals import FORBIDDEN, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.core.checkup import Check
    from chargen_batch.service.vertex_names import Place
    from chargen_batch.service.vertex_storage import Bucket


def checks(bucket: Bucket, place: Place) -> Iterator[Check]:
    """Go through the checks; what could not be asked is one that failed."""
    try:
        yield from _checks(bucket, place)
    except BatchError as err:
        yield checkup.failed("bucket", err)


def _checks(bucket: Bucket, place: Place) -> Iterator[Check]:
    call = f"the look at gs://{place.bucket}"
    try:
        about = bucket.about(call)
    except ServiceError as err:
        if is_gone(err):
            yield judged.missing(place.bucket, project=place.project, location=place.location)
            return
        if err.http_status != FORBIDDEN:
            raise
        # Whoever may work in it need not be allowed to look at the bucket itself.
        about = None
        yield judged.unseen(place.bucket, err)
    if about is not None:
        yield judged.place(place.bucket, there=about.location, location=place.location)
    allowed = bucket.allowed(judged.PERMISSIONS, f"asking what is allowed in gs://{place.bucket}")
    yield judged.permissions(place.bucket, allowed)
    if about is not None:
        yield judged.lifecycle(place.bucket, place.prefix, about.rules)
