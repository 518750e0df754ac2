from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExitCode, NetworkError, ResultsError, ServiceError
from chargen_batch.model.state import DownloadedJob, EndedJob
from tests.service.lines import refusal

if TYPE_CHECKING:
    from tests.phases.world import World


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
def test_a_partial_file_is_resumed_where_it_stopped(
    ended: World, error: NetworkError | ServiceError
) -> None:
    ended.service.fail("download", error, after=True)
    with pytest.raises(type(error)):
        ended.download()
    assert ended.run.results_file(1).exists() is False
    ended.download()
    half = len(ended.service.outputs[output(ended, 1)]) // 2
    offsets = [int(call[2]) for call in ended.service.called("download")]
    assert offsets == [0, half, 0, 0]
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]


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
    partial.write_bytes(b"x\n" * len(ended.service.outputs[output(ended, 1)]))
    ended.service.fail("download", *errors)
    with pytest.raises(ResultsError, match="is shorter than"):
        ended.download()
    assert ended.download().phase == "applying"


def test_a_service_that_gives_the_whole_file_again_is_followed(ended: World) -> None:
    ended.service.fail("download", NetworkError("cut"), after=True)
    with pytest.raises(NetworkError):
        ended.download()
    ended.service.ranges = False
    ended.download()
    assert ended.run.results_file(1).read_bytes() == ended.service.outputs[output(ended, 1)]
