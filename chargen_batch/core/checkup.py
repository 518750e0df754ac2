"""What doctor decides: whether what it saw is well, and what to do where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from chargen_batch.errors import ExitCode, worst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.errors import BatchError

Level = Literal["ok", "warning", "failed"]

# Files' lives are told by the service's clock; so far apart, a person's own reckoning is wrong.
_CLOCKS_AGREE_S: Final = 60.0
# A picture of 2 MB, the line of the result file that it comes in, and room to write.
BYTES_PER_PICTURE: Final = 5_000_000
_ROOM_TO_WORK: Final = 200_000_000
_NEARLY_FULL: Final = 0.75


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was seen, and what to do where that is not well.

    ``code`` is what the command ends with where this failed.
    """

    name: str
    level: Level
    seen: str
    advice: str = ""
    code: ExitCode = ExitCode.DONE


def failed(name: str, error: BatchError) -> Check:
    """Return a check that an error ended."""
    return Check(name, "failed", error.message, error.hint, error.exit_code)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return the worst code of those that failed; a warning ends nothing."""
    return worst([check.code for check in checks if check.level == "failed"])


def model(name: str, *, can_batch: bool, is_needed: bool) -> Check:
    """Judge a model that the service has."""
    if can_batch:
        return Check(f"model {name}", "ok", "it is there, and takes batch jobs")
    return Check(
        f"model {name}",
        "failed" if is_needed else "warning",
        "it is there, and does not take batch jobs",
        "name another one under models: in chargen.yaml",
        ExitCode.FAILED,
    )


def clock(skew_s: float) -> Check:
    """Judge how far the service's clock is ahead of ours."""
    told = f"{abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead of'} the service's"
    if abs(skew_s) <= _CLOCKS_AGREE_S:
        return Check("clock", "ok", "it agrees with the service's")
    return Check("clock", "warning", f"it is {told}", "set this machine's clock (NTP)")


def slots(live: int, wanted: int, most: int | None) -> Check:
    """Judge how many jobs are live, of those ``wanted`` at once, or of the service's ``most``."""
    if most is not None and most <= wanted:
        seen = f"{live} live job(s), {most} are possible"
    else:
        most = wanted
        seen = f"{live} live job(s), batch.max_concurrent_jobs allows {most}"
    if live < most:
        return Check("jobs", "ok", seen)
    return Check("jobs", "warning", seen, "submit waits until some have ended: poll --wait")


def storage(used: int, most: int, *, life_h: float | None) -> Check:
    """Judge how much of the service's file storage is taken, where files live for ``life_h``."""
    seen = f"{used / 1e9:.1f} GB of {most / 1e9:.0f} GB taken"
    if used < most * _NEARLY_FULL:
        return Check("file storage", "ok", seen)
    gone = f"files go after {life_h:.0f} hours; " if life_h else ""
    advice = f"{gone}chargen-batch cleanup removes those of finished runs"
    return Check("file storage", "warning", seen, advice)


def room(free: int, pictures: int) -> Check:
    """Judge the space on the disk, for the results of unfinished runs."""
    wanted = pictures * BYTES_PER_PICTURE
    seen = f"{free / 1e9:.1f} GB free, about {wanted / 1e9:.1f} GB wanted by unfinished runs"
    if free >= wanted + _ROOM_TO_WORK:
        return Check("disk", "ok", seen)
    level: Level = "warning" if free >= _ROOM_TO_WORK else "failed"
    return Check("disk", level, seen, "make room before download and apply", ExitCode.FAILED)


def runs(unfinished: int, damaged: Iterable[str]) -> Check:
    """Judge the folder of the runs."""
    broken = ", ".join(damaged)
    if broken:
        advice = "restore them from a backup; what is damaged in them: chargen-batch runs"
        return Check("runs", "failed", f"cannot be read: {broken}", advice, ExitCode.FAILED)
    return Check("runs", "ok", f"{unfinished} unfinished")
