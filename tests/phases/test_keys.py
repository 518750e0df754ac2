"""Another API key than the one that a run was staged with: of the same project, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import ExitCode, NetworkError, ServiceError
from chargen_batch.service.api import ServiceAddress
from tests.service.lines import refusal
from tests.service.memory import ADDRESS

if TYPE_CHECKING:
    from tests.phases.world import World

ANOTHER: Final = ServiceAddress("gemini", ADDRESS.base_url, "another-key")
NOT_SEEN: Final = [refusal(403, "PERMISSION_DENIED", "no"), refusal(404, "NOT_FOUND", "no")]


def fingerprint(world: World) -> str:
    assert world.state.service is not None
    return world.state.service.key_fingerprint


def probes(world: World) -> list[str]:
    return [call[1] for call in world.service.calls if call[0] in {"get_job", "get_file"}]


def test_a_key_that_sees_the_runs_files_takes_it_over(world: World) -> None:
    world.do_all("plan", "stage")
    before = fingerprint(world)
    world.service.address = ANOTHER
    assert world.submit().exit_code is ExitCode.DONE
    assert fingerprint(world) != before
    assert probes(world) == [world.state.jobs[-1].request_file_name]  # type: ignore[union-attr]
    assert f'"before":"{before}"' in world.run.log_file.read_text("utf-8")
    assert all(ANOTHER.key.encode() not in content for content in world.tree().values())


def test_a_key_that_was_taken_over_is_not_probed_again(world: World) -> None:
    world.do_all("plan", "stage")
    world.service.address = ANOTHER
    world.do_all("submit", "poll", "download")
    assert len(probes(world)) == 1 + len(world.state.jobs)


@pytest.mark.parametrize("error", NOT_SEEN, ids=str)
def test_a_key_that_does_not_see_them_is_refused(world: World, error: ServiceError) -> None:
    world.do_all("plan", "stage")
    world.service.address = ANOTHER
    world.service.fail("get_file", error)
    before = world.tree()
    with pytest.raises(ServiceError, match="was staged with another API key") as told:
        world.submit()
    assert (told.value.exit_code, world.tree()) == (ExitCode.SERVICE, before)
    assert world.service.called("create_job") == []


def test_a_job_is_looked_at_first(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    world.service.address = ANOTHER
    world.poll()
    assert probes(world)[0] == list(world.service.jobs)[-1]
    assert world.service.called("get_file") == []


def test_a_file_speaks_for_a_key_where_the_job_is_gone(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    world.service.address = ANOTHER
    world.service.fail("get_job", NOT_SEEN[1])
    assert world.poll().exit_code is ExitCode.DONE


@pytest.mark.parametrize("error", [NetworkError("no"), refusal(503, "UNAVAILABLE", "no")])
def test_a_probe_without_an_answer_tells_nothing(
    world: World, error: NetworkError | ServiceError
) -> None:
    world.do_all("plan", "stage")
    world.service.address = ANOTHER
    world.service.fail("get_file", error)
    before = world.tree()
    with pytest.raises(type(error), match=str(error)):
        world.submit()
    assert world.tree() == before


def test_a_run_that_has_nothing_there_goes_on_with_any_key(world: World) -> None:
    world.do_all("plan", "stage")
    before = fingerprint(world)
    world.clock.passes(49 * 3600)
    world.service.address = ANOTHER
    assert world.submit().exit_code is ExitCode.DONE
    assert fingerprint(world) != before
    assert world.service.called("get_file") == []


def test_an_open_intention_is_not_looked_for_with_a_key_that_nothing_speaks_for(
    world: World,
) -> None:
    world.do_all("plan", "stage")
    world.service.fail("create_job", *[NetworkError("dropped")])
    world.submit()
    world.clock.passes(49 * 3600)
    world.service.address = ANOTHER
    with pytest.raises(ServiceError, match="another API key"):
        world.submit()
