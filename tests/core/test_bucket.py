"""What doctor says of a bucket."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from chargen_batch.core import bucket
from chargen_batch.errors import ExitCode, ServiceError


def rule(kind: str = "Delete", **condition: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {"action": {"type": kind}, "condition": condition}


def test_a_bucket_that_is_missing_is_a_failure_with_the_command_that_makes_it() -> None:
    check = bucket.missing("b", project="p", location="us-central1")
    assert (check.level, check.code, check.seen) == (
        "failed",
        ExitCode.SERVICE,
        "there is no gs://b",
    )
    typed = "gcloud storage buckets create gs://b --project=p --location=us-central1 "
    assert typed in check.advice


def test_a_bucket_that_tells_nothing_of_itself_is_a_warning() -> None:
    check = bucket.unseen("b", ServiceError("refused", http_status=403))
    assert (check.level, check.seen.endswith("refused")) == ("warning", True)
    assert "roles/storage.legacyBucketReader" in check.advice


@pytest.mark.parametrize(
    ("there", "location", "level"),
    [
        ("US-CENTRAL1", "us-central1", "ok"),
        ("US", "us-central1", "ok"),
        ("EU", "europe-west4", "ok"),
        ("EUROPE-WEST4", "global", "ok"),
        ("US", "europe-west4", "warning"),
        ("US-EAST1", "us-central1", "warning"),
    ],
)
def test_a_bucket_elsewhere_than_the_jobs_is_a_warning(
    there: str, location: str, level: str
) -> None:
    check = bucket.place("b", there=there, location=location)
    assert (check.name, check.level) == ("bucket", level)


def test_permissions_that_lack_are_named_with_the_role_that_has_them() -> None:
    assert bucket.permissions("b", bucket.PERMISSIONS).level == "ok"
    check = bucket.permissions("b", ["storage.objects.get", "storage.objects.list"])
    assert (check.level, check.code) == ("failed", ExitCode.SERVICE)
    assert check.seen.endswith("gs://b: storage.objects.create, storage.objects.delete")
    assert check.advice.endswith("--role=roles/storage.objectAdmin")


@pytest.mark.parametrize(
    "condition",
    [
        {"age": 30},
        {"age": 30, "matchesPrefix": ["other/", "runs/"]},
        {"age": 31, "matchesPrefix": ["run"], "isLive": True},
    ],
)
def test_a_rule_that_removes_what_is_ours_by_its_age_is_well(condition: dict[str, Any]) -> None:
    check = bucket.lifecycle("b", "runs", [rule(age=1, matchesPrefix=["x/"]), rule(**condition)])
    assert (check.level, check.seen) == (
        "ok",
        f"objects below gs://b/runs/ go after {condition['age']} day(s)",
    )


@pytest.mark.parametrize(
    "other",
    [
        rule("SetStorageClass", age=30),
        rule(age=30, matchesPrefix=["runs/refs/"]),
        rule(age=30, matchesSuffix=[".png"]),
        rule(age=30, isLive=False),
        rule(numNewerVersions=2),
    ],
)
def test_a_rule_for_something_else_is_none_and_stays_in_the_suggested_file(
    other: dict[str, Any],
) -> None:
    check = bucket.lifecycle("b", "runs", [other])
    assert check.level == "warning"
    words = shlex.split(check.advice.partition(": ")[2])
    assert json.loads(words[1]) == {"rule": [other, rule(age=30, matchesPrefix=["runs/"])]}
    file = "lifecycle.json"
    assert words[2:4] == [">", file]
    typed = f"gcloud storage buckets update gs://b --lifecycle-file={file}"
    assert " ".join(words[5:]) == typed


@pytest.mark.parametrize("age", [4, 29])
def test_a_rule_that_removes_what_a_job_may_still_need_is_a_warning(age: int) -> None:
    check = bucket.lifecycle("b", "runs", [rule(age=age), rule(age=60)])
    assert (check.level, f"{age} day(s)" in check.seen) == ("warning", True)
    assert "30 days" in check.advice
