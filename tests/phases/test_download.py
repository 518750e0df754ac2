from __future__ import annotations

import errno
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.core.retry_policy import ATTEMPTS
from chargen_batch.errors import ExitCode, NetworkError, ResultsError, ServiceError, StateError
from chargen_batch.model.state import DownloadedJob, EndedJob, LostJob
from chargen_batch.service.api import Download
from tests.phases import story
from tests.phases.world import Service
from tests.service.lines import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.phases.world import World


@dataclass
class Crowded(Service):
    """A service that gives nothing until so many downloads are open at once."""

    crowd: threading.Barrier = field(default_factory=lambda: threading.Barrier(3))

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        with super().download(name, offset=offset) as opened:
            self.crowd.wait(timeout=20)
            yield opened


@dataclass
class Untold(Service):
    """A service that tells no length, and ends early without a word."""

    ends_early: int = 0

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        with super().download(name, offset=offset) as opened:
            early, self.ends_early = self.ends_early > 0, self.ends_early - 1
            chunks = list(opened.chunks)
            yield replace(opened, total=None, chunks=iter(chunks[:3] if early else chunks))


class Endless(Service):
    """A service whose second file has no end, and whose first breaks what reads it once it has."""

    begun = threading.Event()

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        is_first = name == min(self.outputs)
        yield Download(offset, None, self._full() if is_first else self._flood())

    def _full(self) -> Iterator[bytes]:
        self.begun.wait(timeout=20)
        yield b"came"
        raise OSError(errno.ENOSPC, "No space left on device")

    def _flood(self) -> Iterator[bytes]:
        while True:
            yield b"on and on"
            self.begun.set()


@dataclass
class Silent(Service):
    """A service that says nothing after a line of its second file, until it is hung up."""

    silence: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        is_first = name == min(self.outputs)
        chunks = self._full() if is_first else self._line()
        yield Download(offset, None, chunks, self.hung_up.set)

    def _full(self) -> Iterator[bytes]:
        self.silence.wait(timeout=20)
        yield b"came"
        raise OSError(errno.ENOSPC, "No space left on device")

    def _line(self) -> Iterator[bytes]:
        yield b'{"key": "one"}\n{"key": "two"}\n'
        self.silence.set()
        if not self.hung_up.wait(timeout=20):
            yield b"nobody hung up"


class Plenty(Service):
    """A service that gives each file in large chunks."""

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        content = self.outputs[name]
        chunks = (content[at : at + (5 << 20)] for at in range(offset, len(content), 5 << 20))
        yield Download(offset, len(content), chunks)


def ready(root: Path, kind: type[Service]) -> World:
    """Return a world whose jobs have ended on a service of a kind."""
    return story.make(root, kind).do_all("plan", "stage", "submit", "poll")


@pytest.fixture
def ended(world: World) -> World:
    return world.do_all("plan", "stage", "submit", "poll")


def kinds(world: World) -> list[type]:
    return [type(job) for job in world.state.jobs]


def output(world: World, number: int) -> str:
    return list(world.service.outputs)[number - 1]


def shorten(world: World, number: int) -> None:
    """Let a result file have one line less than the job counts."""
    name = output(world, number)
    world.service.outputs[name] = world.service.outputs[name].split(b"\n", 1)[1]


def test_result_files_are_the_services_byte_for_byte(ended: World) -> None:
    report = ended.download()
    files = [ended.run.results_file(index).read_bytes() for index in (1, 2, 3)]
    assert files == list(ended.service.outputs.values())
    assert (report.size, len(report.files)) == (sum(map(len, files)), 3)
    assert ended.state.phase == "applying"


@pytest.mark.parametrize("error", [NetworkError("cut"), refusal(503, "UNAVAILABLE", "no")])
def test_a_file_that_breaks_is_gone_on_with_where_it_stopped(
    ended: World, error: NetworkError | ServiceError
) -> None:
    ended.service.fail("download", error, after=True)
    ended.download()
    half = len(ended.service.outputs[output(ended, 1)]) // 2
    offsets = [int(call[2]) for call in ended.service.called("download")]
    assert offsets == [0, half, 0, 0]
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]


def test_a_file_that_keeps_breaking_is_an_error_and_resumed_the_next_time(ended: World) -> None:
    ended.service.fail("download", *[NetworkError("cut")] * ATTEMPTS, after=True)
    with pytest.raises(NetworkError):
        ended.download()
    assert ended.run.results_file(1).exists() is False
    assert kinds(ended) == [EndedJob, DownloadedJob, DownloadedJob]
    came = (ended.run.path / "results-0001.jsonl.part").read_bytes()
    ended.download()
    whole_lines = came.rfind(b"\n") + 1
    assert 0 < whole_lines < len(came)
    assert ended.service.called("download")[-1][2] == str(whole_lines)
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]


def test_a_file_that_cannot_be_opened_is_left_at_that_and_the_others_are_fetched(
    ended: World,
) -> None:
    ended.service.fail("download", NetworkError("cut"))
    with pytest.raises(NetworkError):
        ended.download()
    assert len(ended.service.called("download")) == 3
    assert kinds(ended) == [EndedJob, DownloadedJob, DownloadedJob]


def test_several_failures_are_one_error_that_ends_as_the_worst(ended: World) -> None:
    del ended.service.outputs[output(ended, 1)]
    ended.service.fail("download", refusal(404, "NOT_FOUND", "no"), NetworkError("cut off"))
    with pytest.raises(ResultsError, match=r"2 result file.s. .* did not come: cut off; ") as told:
        ended.download()
    assert told.value.exit_code is ExitCode.SERVICE
    assert "no longer has the results of batches/" in told.value.message
    assert kinds(ended) == [EndedJob, EndedJob, DownloadedJob]


def test_a_service_that_is_not_there_is_not_asked_for_every_file(world: World) -> None:
    world.settings("max_tasks_per_job: 1")
    world.do_all("plan", "stage", "submit", "poll")
    world.service.fail("download", *[NetworkError("unreachable")] * 3)
    with pytest.raises(ResultsError, match=r"3 result file.s. .* did not come: unreachable$"):
        world.download()
    assert len(world.service.called("download")) == 3


def test_what_came_before_an_error_is_not_fetched_again(ended: World) -> None:
    first, second, third = ended.service.outputs
    kept = ended.service.outputs.pop(second)
    with pytest.raises(ResultsError):
        ended.download()
    ended.service.outputs[second] = kept
    ended.download()
    names = [call[1] for call in ended.service.called("download")]
    assert names == [first, second, third, second]


def test_a_file_with_too_few_lines_is_fetched_once_more_and_then_an_error(ended: World) -> None:
    shorten(ended, 1)
    with pytest.raises(ResultsError, match="fewer lines than the job counted, twice") as told:
        ended.download()
    assert told.value.exit_code is ExitCode.FAILED
    asked = [call[1] for call in ended.service.called("download")]
    assert asked == [output(ended, 1)] * 2 + [output(ended, 2), output(ended, 3)]
    assert kinds(ended) == [EndedJob, DownloadedJob, DownloadedJob]
    assert (ended.state.phase, ended.run.results_file(1).exists()) == ("downloading", False)


def test_a_short_file_that_is_whole_later_is_taken_then(ended: World) -> None:
    whole = ended.service.outputs[output(ended, 1)]
    shorten(ended, 1)
    with pytest.raises(ResultsError):
        ended.download()
    ended.service.outputs[output(ended, 1)] = whole
    ended.do_all("download", "apply")
    assert ended.state.completed_tasks == 5


def test_a_last_line_without_its_end_counts(ended: World) -> None:
    for name, content in ended.service.outputs.items():
        ended.service.outputs[name] = content.removesuffix(b"\n")
    ended.do_all("download", "apply")
    assert ended.state.completed_tasks == 5


@pytest.mark.parametrize("error", [refusal(403, "DENIED", "no"), refusal(404, "NOT_FOUND", "no")])
def test_a_file_that_is_gone_is_an_error_and_the_others_are_fetched(
    ended: World, error: ServiceError
) -> None:
    ended.service.fail("download", error)
    with pytest.raises(ResultsError, match="no longer has the results of batches/") as told:
        ended.download()
    assert told.value.exit_code is ExitCode.FAILED
    assert kinds(ended) == [EndedJob, DownloadedJob, DownloadedJob]
    assert ended.state.phase == "downloading"
    assert ended.download().phase == "applying"


def test_a_refused_key_stops_at_once(ended: World) -> None:
    ended.service.fail("download", refusal(401, "UNAUTHENTICATED", "no"))
    with pytest.raises(ServiceError):
        ended.download()
    assert len(ended.service.called("download")) == 1


def test_results_are_fetched_while_other_jobs_run(world: World) -> None:
    world.service.looks = 2
    world.do_all("plan", "stage", "submit")
    world.service.end(next(iter(world.service.jobs)))
    world.do_all("poll")
    report = world.download()
    assert (report.exit_code, report.phase) == (ExitCode.NOT_READY, "running")
    assert report.files == ("results-0001.jsonl",)
    world.do_all("poll", "download", "apply")
    assert len(world.service.called("download")) == 3


def test_a_partial_file_that_is_no_beginning_of_it_is_begun_anew(ended: World) -> None:
    partial = ended.run.path / "results-0001.jsonl.part"
    partial.write_bytes(b"x" * len(ended.service.outputs[output(ended, 1)]))
    ended.download()
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]


@pytest.mark.parametrize("errors", [(), (refusal(416, "OUT_OF_RANGE", "no"),)])
def test_a_partial_file_that_is_too_long_is_begun_anew(
    ended: World, errors: tuple[ServiceError, ...]
) -> None:
    partial = ended.run.path / "results-0001.jsonl.part"
    partial.write_bytes(b"1\n" * len(ended.service.outputs[output(ended, 1)]))
    ended.service.fail("download", *errors)
    with pytest.raises(ResultsError, match="is shorter than"):
        ended.download()
    assert ended.download().phase == "applying"


# What a power cut leaves of a result file, by what it does to the bytes that had come.
HOLES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "all": lambda came: bytes(len(came)),
    "the first line": lambda came: bytes(came.index(b"\n")) + came[came.index(b"\n") :],
    "a line's end": lambda came: came.replace(b"\n", b"\0", 1),
    "the middle": lambda came: came[:300] + bytes(60) + came[360:],
    "the torn last line": lambda came: came[:-60] + bytes(60),
    "the end of the last line": lambda came: came[: came.index(b"\n") + 1] + bytes(60),
    "what another file had there": lambda came: came[:300] + b"\xff" * 60 + came[360:],
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_that_a_power_cut_left_is_fetched_again(ended: World, hole: str) -> None:
    whole = ended.service.outputs[output(ended, 1)]
    partial = ended.run.path / "results-0001.jsonl.part"
    partial.write_bytes(HOLES[hole](whole[:-20]))
    ended.download()
    assert ended.run.results_file(1).read_bytes() == whole
    ended.apply()
    assert (ended.state.completed_tasks, ended.codes()) == (5, {})


@pytest.mark.parametrize("total", [True, False])
def test_a_file_that_was_whole_when_the_power_went_has_no_hole_either(
    ended: World, *, total: bool
) -> None:
    whole = ended.service.outputs[output(ended, 1)]
    partial = ended.run.path / "results-0001.jsonl.part"
    partial.write_bytes(whole[:300] + bytes(len(whole) - 300 - total) + b"\n" * total)
    ended.download()
    assert ended.run.results_file(1).read_bytes() == whole


def test_a_line_that_the_service_itself_spoils_is_not_fetched_again_and_again(ended: World) -> None:
    name = output(ended, 1)
    ended.service.outputs[name] = b"spoilt\n" + ended.service.outputs[name]
    ended.service.fail("download", *[NetworkError("cut")] * ATTEMPTS, after=True)
    with pytest.raises(NetworkError):
        ended.download()
    ended.download()
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[name]


def test_a_link_in_place_of_a_partial_file_is_not_written_through(ended: World) -> None:
    precious = ended.root / "precious.txt"
    precious.write_text("precious\n")
    (ended.run.path / "results-0001.jsonl.part").symlink_to(precious)
    ended.download()
    assert precious.read_text() == "precious\n"
    results = ended.run.results_file(1)
    assert not results.is_symlink()
    assert results.read_bytes() == ended.service.outputs[output(ended, 1)]


def test_a_service_that_gives_the_whole_file_again_is_followed(ended: World) -> None:
    ended.service.fail("download", NetworkError("cut"), after=True)
    ended.service.ranges = False
    ended.download()
    assert {call[2] for call in ended.service.called("download")[2:]} == {"0"}
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]


def test_result_files_are_fetched_side_by_side(tmp_path: Path) -> None:
    world = story.make(tmp_path, Crowded)
    world.write("chargen.yaml", "batch: {upload_concurrency: 3, max_tasks_per_job: 2}\n")
    world.do_all("plan", "stage", "submit", "poll", "download")
    files = [world.run.results_file(index).read_bytes() for index in (1, 2, 3)]
    assert files == list(world.service.outputs.values())


def test_what_ends_the_command_stops_the_other_files_and_keeps_what_came(tmp_path: Path) -> None:
    world = story.make(tmp_path, Endless)
    world.write("chargen.yaml", "batch: {upload_concurrency: 2, max_tasks_per_job: 2}\n")
    world.do_all("plan", "stage", "submit", "poll")
    with pytest.raises(OSError, match="No space left"):
        world.download()
    parts = [world.run.path / f"results-000{number}.jsonl.part" for number in (1, 2)]
    assert parts[0].read_bytes() == b"came"
    assert parts[1].read_bytes().startswith(b"on and on")
    assert kinds(world) == [EndedJob] * 3


def test_what_ends_the_command_waits_for_no_silent_service(tmp_path: Path) -> None:
    world = story.make(tmp_path, Silent)
    world.write("chargen.yaml", "batch: {upload_concurrency: 2, max_tasks_per_job: 2}\n")
    world.do_all("plan", "stage", "submit", "poll")
    with pytest.raises(OSError, match="No space left"):
        world.download()
    came = (world.run.path / "results-0002.jsonl.part").read_bytes()
    assert came == b'{"key": "one"}\n{"key": "two"}\n'
    assert not world.run.results_file(2).exists()


def test_a_large_file_comes_as_it_is(tmp_path: Path) -> None:
    world = ready(tmp_path, Plenty)
    first = output(world, 1)
    world.service.outputs[first] = b"\n".join([b"1" * (20 << 20), b"2" * (20 << 20)])
    world.download()
    assert world.run.results_file(1).read_bytes() == world.service.outputs[first]


def test_a_file_of_untold_length_that_ends_inside_of_a_line_is_gone_on_with(tmp_path: Path) -> None:
    world = ready(tmp_path, Untold)
    assert isinstance(world.service, Untold)
    world.service.ends_early = 1
    world.do_all("download", "apply")
    assert [int(call[2]) for call in world.service.called("download")] == [0, 3 * 64, 0, 0]
    assert world.state.completed_tasks == 5


def test_a_file_of_untold_length_may_lack_its_last_line_end(tmp_path: Path) -> None:
    world = ready(tmp_path, Untold)
    for name, content in world.service.outputs.items():
        world.service.outputs[name] = content.removesuffix(b"\n")
    world.do_all("download", "apply")
    assert len(world.service.called("download")) == 3
    assert world.state.completed_tasks == 5


def test_a_file_of_untold_length_that_stays_cut_is_an_error(tmp_path: Path) -> None:
    world = ready(tmp_path, Untold)
    first = output(world, 1)
    world.service.outputs[first] = world.service.outputs[first][:-3]
    with pytest.raises(ResultsError, match="came with half of its last line"):
        world.download()
    assert kinds(world) == [EndedJob, DownloadedJob, DownloadedJob]


def test_the_error_of_results_that_are_gone_names_the_command_to_type(ended: World) -> None:
    del ended.service.outputs[output(ended, 2)]
    with pytest.raises(ResultsError) as told:
        ended.download()
    typed = f"type: chargen-batch download --run {ended.run.run_id} --give-up 2"
    assert told.value.hint.endswith(typed)


def test_results_that_are_gone_are_lost_once_they_are_given_up(ended: World) -> None:
    del ended.service.outputs[output(ended, 2)]
    ended.give_up = ("2",)
    report = ended.download()
    assert (report.exit_code, report.phase, report.given_up) == (ExitCode.DONE, "applying", (2,))
    assert kinds(ended) == [DownloadedJob, LostJob, DownloadedJob]
    ended.do_all("download", "apply")
    assert ended.codes() == dict.fromkeys(("fire-mouth", "first-smoke"), "RESULTS_GONE")
    assert all(end.error is None or end.error.retryable for end in ended.outcomes.values())


def test_giving_up_all_results_fails_the_run_as_losing_its_jobs_does(ended: World) -> None:
    ended.service.outputs.clear()
    ended.give_up = ("1", "2", "3")
    assert ended.download().exit_code is ExitCode.FAILED
    assert (ended.state.phase, ended.state.error_code) == ("failed", "RESULTS_GONE")
    assert ended.codes() == dict.fromkeys(story.TARGETS, "RESULTS_GONE")
    before = ended.tree()
    assert ended.download().exit_code is ExitCode.DONE
    assert ended.tree() == before


def test_results_that_got_lost_here_and_are_gone_there_may_be_given_up(ended: World) -> None:
    ended.download()
    ended.run.results_file(1).unlink()
    ended.service.outputs.clear()
    ended.give_up = ("1",)
    assert ended.download().phase == "applying"
    ended.apply()
    assert set(ended.codes().values()) == {"RESULTS_GONE"}
    assert ended.state.completed_tasks == 3


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("cut"),
        refusal(503, "UNAVAILABLE", "no"),
        refusal(401, "UNAUTHENTICATED", "no"),
        refusal(400, "API_KEY_INVALID", "no"),
        ServiceError("a proxy's page", http_status=403),
    ],
)
def test_what_is_not_the_services_word_on_the_file_gives_nothing_up(
    ended: World, error: NetworkError | ServiceError
) -> None:
    ended.give_up = ("1",)
    ended.service.fail("download", error)
    with pytest.raises((type(error), ResultsError)):
        ended.download()
    assert kinds(ended)[0] is EndedJob


def test_results_that_are_there_are_not_given_up(ended: World) -> None:
    ended.give_up = ("1",)
    report = ended.download()
    assert report.warnings == ("job 1 was not given up: its results are here",)
    assert kinds(ended) == [DownloadedJob] * 3


def test_a_file_with_too_few_lines_is_taken_as_it_is_where_that_is_asked_for(ended: World) -> None:
    shorten(ended, 2)
    ended.give_up = ("2",)
    report = ended.download()
    assert "has 1 line(s) less than the job counted; it was taken as it is" in report.warnings[0]
    ended.apply()
    assert ended.codes() == {"fire-mouth": "MISSING_RESULT"}
    assert ended.state.completed_tasks == 4


def test_a_job_whose_results_are_here_cannot_be_given_up(ended: World) -> None:
    ended.download()
    ended.give_up = ("1",)
    with pytest.raises(StateError, match=r"job 1 of run .* is not lost: its results are here"):
        ended.download()


def test_a_job_that_has_not_ended_is_polls_to_give_up(world: World) -> None:
    world.service.looks = 2
    world.do_all("plan", "stage", "submit", "poll")
    world.give_up = ("1",)
    with pytest.raises(StateError, match=r"job 1 of run .* has not ended") as told:
        world.download()
    assert told.value.hint.endswith(f"poll --run {world.run.run_id} --give-up 1")
