"""What doctor makes of what it saw."""

from __future__ import annotations

import pytest

from chargen_batch.core import checkup
from chargen_batch.core.checkup import Check
from chargen_batch.errors import ConfigError, ExitCode, NetworkError


@pytest.mark.parametrize(
    ("skew_s", "level", "seen"),
    [
        (60.0, "ok", "it agrees with the service's"),
        (61.0, "warning", "it is 61 s behind the service's"),
        (-3600.0, "warning", "it is 3600 s ahead of the service's"),
    ],
)
def test_clock_may_be_a_minute_off(skew_s: float, level: str, seen: str) -> None:
    check = checkup.clock(skew_s)
    assert (check.level, check.seen) == (level, seen)


@pytest.mark.parametrize(("live", "level"), [(99, "ok"), (100, "warning")])
@pytest.mark.parametrize(("wanted", "most"), [(100, 100), (120, 100), (100, 120), (100, None)])
def test_all_slots_taken_is_a_warning(live: int, level: str, wanted: int, most: int | None) -> None:
    assert checkup.slots(live, wanted, most).level == level


@pytest.mark.parametrize(("wanted", "most"), [(100, None), (40, 100)])
def test_where_the_setting_is_what_bounds_the_jobs_it_is_named(
    wanted: int, most: int | None
) -> None:
    seen = checkup.slots(0, wanted, most).seen
    assert seen == f"0 live job(s), batch.max_concurrent_jobs allows {wanted}"
    assert checkup.slots(0, 100, 100).seen == "0 live job(s), 100 are possible"


@pytest.mark.parametrize(("used", "level"), [(14, "ok"), (15, "warning")])
def test_storage_that_is_three_quarters_full_is_a_warning(used: int, level: str) -> None:
    assert checkup.storage(used * 10**9, 20 * 10**9, life_h=48.0).level == level


@pytest.mark.parametrize(
    ("free_mb", "pictures", "level"),
    [(200, 0, "ok"), (199, 0, "failed"), (700, 100, "ok"), (699, 100, "warning")],
)
def test_disk_has_to_take_the_results_of_what_is_unfinished(
    free_mb: int, pictures: int, level: str
) -> None:
    assert checkup.room(free_mb * 10**6, pictures).level == level


@pytest.mark.parametrize(
    ("can_batch", "is_needed", "level"),
    [(True, True, "ok"), (False, True, "failed"), (False, False, "warning")],
)
def test_model_that_draws_has_to_take_batch_jobs(
    *, can_batch: bool, is_needed: bool, level: str
) -> None:
    assert checkup.model("m", can_batch=can_batch, is_needed=is_needed).level == level


def test_damaged_runs_are_named() -> None:
    assert checkup.runs(3, []).level == "ok"
    check = checkup.runs(3, ["r1", "r2"])
    assert (check.level, check.seen) == ("failed", "cannot be read: r1, r2")


def test_exit_code_is_the_worst_of_what_failed() -> None:
    warning = Check("a", "warning", "", code=ExitCode.FAILED)
    key = checkup.failed("key", ConfigError("there is no API key", hint="set it"))
    net = checkup.failed("service", NetworkError("not reached"))
    assert (key.seen, key.advice) == ("there is no API key", "set it")
    assert [checkup.exit_code(each) for each in ((), (warning,), (warning, key), (key, net))] == [
        0,
        0,
        6,
        7,
    ]
