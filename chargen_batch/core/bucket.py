"""What doctor decides of a bucket: whether runs can work in it, and what to type where not."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, Final

from chargen_batch.core.checkup import Check
from chargen_batch.core.limits import KEPT_DAYS
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chargen_batch.errors import BatchError

# What our calls need there; to ask whether one may do all this needs no right of its own.
PERMISSIONS: Final = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
)
_NAME: Final = "bucket"
_LIFECYCLE: Final = "bucket lifecycle"


def missing(bucket: str, *, project: str, location: str) -> Check:
    """Judge a bucket that does not exist."""
    typed = (
        f"gcloud storage buckets create gs://{bucket} --project={project} "
        f"--location={_home(location)} --uniform-bucket-level-access"
    )
    advice = f"create it: {typed}, or set vertex.bucket to one that you have"
    return Check(_NAME, "failed", f"there is no gs://{bucket}", advice, ExitCode.SERVICE)


def unseen(bucket: str, error: BatchError) -> Check:
    """Judge a bucket that does not say where it is, and what it removes by itself."""
    seen = f"where gs://{bucket} is and what it removes was not told: {error.message}"
    return Check(_NAME, "warning", seen, _granted(bucket, "roles/storage.legacyBucketReader"))


def place(bucket: str, *, there: str, location: str) -> Check:
    """Judge where a bucket is (``there``, as Cloud Storage says it), for jobs in a location."""
    seen = f"gs://{bucket} is there, in {there}"
    region, home = there.lower(), _home(location)
    if location == "global" or region == home or (region in {"us", "eu"} and _in(region, home)):
        return Check(_NAME, "ok", seen)
    advice = "a job may not read from it, and traffic between places costs: use one in the same"
    return Check(_NAME, "warning", f"{seen}, and jobs run in {location}", advice)


def permissions(bucket: str, allowed: Iterable[str]) -> Check:
    """Judge what these credentials may do in a bucket, of ``PERMISSIONS``."""
    lacking = sorted(set(PERMISSIONS) - set(allowed))
    if not lacking:
        return Check("bucket permissions", "ok", "objects can be written, read and removed")
    seen = f"these credentials lack, in gs://{bucket}: {', '.join(lacking)}"
    advice = _granted(bucket, "roles/storage.objectAdmin")
    return Check("bucket permissions", "failed", seen, advice, ExitCode.SERVICE)


def lifecycle(bucket: str, prefix: str, rules: Iterable[Mapping[str, Any]]) -> Check:
    """Judge whether a bucket removes by itself what runs leave there, and not too early.

    Args:
        bucket: Its name.
        prefix: What the names of our objects begin with, without the slash behind it.
        rules: Its lifecycle's rules, as Cloud Storage's JSON API has them.

    """
    rules = list(rules)
    ages = [rule["condition"]["age"] for rule in rules if _removes(rule, f"{prefix}/")]
    if not ages:
        seen = f"nothing removes old references and results below gs://{bucket}/{prefix}/"
        advice = f"after {KEPT_DAYS} days: {_command(bucket, prefix, rules)}"
        return Check(_LIFECYCLE, "warning", seen, advice)
    seen = f"objects below gs://{bucket}/{prefix}/ go after {min(ages)} day(s)"
    if min(ages) >= KEPT_DAYS:
        return Check(_LIFECYCLE, "ok", seen)
    advice = f"jobs count on references for {KEPT_DAYS} days: let them live so long"
    return Check(_LIFECYCLE, "warning", seen, advice)


def _removes(rule: Mapping[str, Any], below: str) -> bool:
    """Say whether a rule removes all that has a certain age below a prefix."""
    condition = rule.get("condition", {})
    beginnings = condition.get("matchesPrefix") or [""]
    is_plain = condition.keys() <= {"age", "matchesPrefix", "isLive"}
    is_delete = rule.get("action", {}).get("type") == "Delete"
    is_live = condition.get("isLive", True)
    covers = any(below.startswith(each) for each in beginnings)
    return is_delete and is_plain and is_live and "age" in condition and covers


def _command(bucket: str, prefix: str, rules: Iterable[Mapping[str, Any]]) -> str:
    """Return what adds our rule: the file is the whole lifecycle, so the others go in again."""
    ours = {
        "action": {"type": "Delete"},
        "condition": {"age": KEPT_DAYS, "matchesPrefix": [f"{prefix}/"]},
    }
    whole = shlex.quote(json.dumps({"rule": [*rules, ours]}))
    return (
        f"echo {whole} > lifecycle.json && gcloud storage buckets update gs://{bucket} "
        "--lifecycle-file=lifecycle.json"
    )


def _granted(bucket: str, role: str) -> str:
    return (
        f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member=user:YOUR-ADDRESS "
        f"--role={role}"
    )


def _home(location: str) -> str:
    return "us" if location == "global" else location.lower()


def _in(continent: str, region: str) -> bool:
    return region.startswith({"us": "us-", "eu": "europe-"}[continent]) or region == continent
