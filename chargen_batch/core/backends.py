"""What things are called on each backend, for messages that say what to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackendWords:
    """How people get at a service, in their words.

    ``key`` is what lets them in, in one word, ``there`` that they have it, and ``credentials``
    whose rights it gives them. ``other_place`` says what is other where a run's things are not
    seen, ``same_place`` what to do then, and ``are_they_there`` what to ask oneself first.
    ``base_url`` is the variable that points elsewhere, ``quotas`` where limits are shown.
    """

    key: str
    there: str
    credentials: str
    other_place: str
    same_place: str
    are_they_there: str
    base_url: str
    quotas: str


GEMINI = BackendWords(
    key="key",
    there="there is one",
    credentials="this API key",
    other_place="another API key",
    same_place="use the key that it was staged with, or another of the same project",
    are_they_there="is this the key that they were created with, and was no other copy of this run "
    "finished and cleaned up?",
    base_url="GOOGLE_GEMINI_BASE_URL",
    quotas="the project's limits in Google AI Studio",
)
VERTEX = BackendWords(
    key="credentials",
    there="they were found",
    credentials="this account",
    other_place="another project, location, bucket or prefix",
    same_place="set project, location, bucket and prefix under vertex: in chargen.yaml to what "
    "they were",
    are_they_there="are these the project and location that they were created in, and was no other "
    "copy of this run finished and cleaned up?",
    base_url="GOOGLE_VERTEX_BASE_URL",
    quotas="the project's quotas of Vertex AI in the Google Cloud console",
)


def words(backend: str) -> BackendWords:
    """Return the words of a backend; the emulator has those of what it stands for."""
    return VERTEX if backend == "vertex" else GEMINI
