"""What our objects are called in the bucket, and which names of objects and jobs are ours."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core.jobs import NAME_PREFIX
from chargen_batch.errors import ConfigError, ServiceError

if TYPE_CHECKING:
    from chargen_batch.model.settings import VertexSettings

# Of mime types whose usual ending the system's table may not know, or have several of.
ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
}
SHORT_DIGEST: Final = 16  # of a SHA-256's 64 digits, in the name of a request file

_RUN: Final = "[A-Za-z0-9][A-Za-z0-9._-]*"
_OURS: Final = re.compile(
    rf"{NAME_PREFIX}(?P<run>{_RUN})/(?P<index>[0-9]+)/(?P<digest>[0-9a-f]+)(?:/requests)?"
)
_REFERENCE: Final = re.compile(r"refs/[0-9a-f]{64}\.[a-z0-9]+")
_REQUESTS: Final = re.compile(rf"{_RUN}/[0-9]+-[0-9a-f]+-[0-9a-f]{{{SHORT_DIGEST}}}\.jsonl")
_OUTPUT: Final = re.compile(rf"{_RUN}/out/[0-9]+-[0-9a-f]+/[^/\s]+")
_JOB: Final = re.compile(r"projects/[^/\s]+/locations/[a-z0-9-]+/batchPredictionJobs/[\w-]+")
_PART: Final = "[A-Za-z0-9_-][A-Za-z0-9._-]*"
_WORD: Final = "[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
# What a setting may be; the location becomes a part of the host that is asked.
_FORMS: Final = {
    "project": re.compile(r"[a-z0-9][a-z0-9.:-]*"),
    "location": re.compile(r"[a-z0-9-]+"),
    # Cloud Storage's rules: words between dots, of at most 63 letters, and no IP address.
    "bucket": re.compile(rf"(?=.{{3,222}}\Z)(?!\d+(?:\.\d+){{3}}\Z){_WORD}(?:\.{_WORD})*"),
    "prefix": re.compile(
        r"(?=.{1,300}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
    ),
}
_MEANINGS: Final = {
    "project": "the id of your Google Cloud project",
    "location": "where its jobs run, us-central1 or global for instance",
    "bucket": "the name of one of its Cloud Storage buckets, without gs://",
    "prefix": "what all names in the bucket begin with, chargen-batch for instance",
}


def place_of(settings: VertexSettings) -> Place:
    """Return where the settings put everything.

    Raises:
        ConfigError: One of them is missing, or cannot be what it is to be.

    """
    told = {name: str(getattr(settings, name) or "").strip("/ ") for name in _FORMS}
    for name, value in told.items():
        if not _FORMS[name].fullmatch(value):
            found = f"cannot be {value!r}" if value else "is missing"
            raise ConfigError(
                f"the backend vertex needs vertex.{name}, which {found}",
                hint=f"write it under vertex: in chargen.yaml: {name}: {_MEANINGS[name]}",
            )
    return Place(**told)


def check_job(name: str, call: str) -> None:
    """Let only names of jobs go into a call: they come from files that anyone may have edited.

    Raises:
        ServiceError: It is no name of a job; nothing was sent.

    """
    if not _JOB.fullmatch(name):
        raise not_ours(call, "that is no name of a job")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is: a project's bucket, and the beginning of all names in it."""

    project: str
    location: str
    bucket: str
    prefix: str

    @property
    def key(self) -> str:
        """Return what a run is pinned to."""
        return f"{self.project}/{self.location}/{self.bucket}/{self.prefix}"

    @property
    def parent(self) -> str:
        """Return what the names of jobs begin with."""
        return f"projects/{self.project}/locations/{self.location}"

    def uri(self, name: str) -> str:
        """Return what a request calls an object."""
        return f"gs://{self.bucket}/{name}"

    def reference(self, sha256: str, mime: str) -> str:
        """Return a reference's object: the same for the same picture, whatever run it is for."""
        ending = ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
        return f"{self.prefix}/refs/{sha256}{ending}"

    def requests(self, display_name: str, sha256: str) -> str:
        """Return a request file's object.

        Raises:
            ServiceError: No job of ours is called so; nothing was sent.

        """
        return f"{self._of_job(display_name, '/')}-{sha256[:SHORT_DIGEST]}.jsonl"

    def output(self, display_name: str) -> str:
        """Return the URI below which a job writes its results.

        Raises:
            ServiceError: No job of ours is called so; nothing was sent.

        """
        return self.uri(self._of_job(display_name, "/out/"))

    def _of_job(self, display_name: str, between: str) -> str:
        match = _OURS.fullmatch(display_name)
        if match is None:
            raise not_ours(f"the display name {display_name}", "a job of ours is called otherwise")
        return f"{self.prefix}/{match['run']}{between}{match['index']}-{match['digest']}"

    def is_reference(self, name: str) -> bool:
        """Say whether an object is a reference, which all runs share."""
        return bool(_REFERENCE.fullmatch(self._below(name)))

    def is_upload(self, name: str) -> bool:
        """Say whether an object is one that we uploaded, by its name."""
        return self.is_reference(name) or bool(_REQUESTS.fullmatch(self._below(name)))

    def _below(self, name: str) -> str:
        start = f"{self.prefix}/"
        return name.removeprefix(start) if name.startswith(start) else ""

    def check_upload(self, name: str, call: str) -> None:
        """Let only names of uploads go into a call: they come from files that anyone may edit.

        Raises:
            ServiceError: It is no name of an upload of ours; nothing was sent.

        """
        if not self.is_upload(name):
            raise not_ours(call, "that is no name of a file that was uploaded")

    def is_output(self, uri: str) -> bool:
        """Say whether a URI is an output directory of a job of ours."""
        return bool(_OUTPUT.fullmatch(self._below(self.object_of(uri).removesuffix("/"))))

    def output_prefix(self, uri: str, call: str) -> str:
        """Return what the objects below a job's output directory begin with.

        Raises:
            ServiceError: It is no output directory of a job of ours; nothing was sent.

        """
        if not self.is_output(uri):
            raise not_ours(call, "that is no output directory of a job")
        return f"{self.object_of(uri).removesuffix('/')}/"

    def object_of(self, uri: str) -> str:
        """Return an object's name without the bucket; the whole URI where that is another one."""
        return uri.removeprefix(f"gs://{self.bucket}/")


def not_ours(call: str, why: str) -> ServiceError:
    """Return the error for a name that nothing of ours has; nothing was sent."""
    return ServiceError(f"{call}: {why}", http_status=400, status="INVALID_ARGUMENT")
