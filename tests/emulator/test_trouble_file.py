"""Trouble as people write it: every table read, every mistake said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargen_batch.emulator.faults import Fault, faults_of
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.quota import Quotas
from chargen_batch.emulator.trouble import Lists, Trouble
from chargen_batch.emulator.trouble_file import (
    TroubleError,
    find_trouble,
    read_trouble,
    trouble_of,
)

WHOLE = """
[faults]
"batches.create" = ["status:429:37", "drop_after"]
"files.download" = "truncate*2"
[latency_s]
"files.upload.*" = 0.2
"*" = 1
[pace]
looks_to_start = 0
looks_to_finish = 3
looks_to_cancel = 1
seconds_to_finish = 60
[endings]
"*/0002/*" = "CANCELLED with output"
[rows]
"characters/*" = "blocked:SAFETY"
[output]
shuffle = true
no_final_newline = true
[gone]
"requests-*" = 1
[lists]
late_listings = 2
late_s = 0.5
page_size = 3
[quotas]
max_live_jobs = 10
max_enqueued_tokens = 1000
max_stored_bytes = 0
"""


def read(text: str, tmp_path: Path) -> Trouble:
    file = tmp_path / "trouble.toml"
    file.write_text(text, encoding="utf-8")
    return trouble_of(read_trouble(file), {}, str(file))


def test_every_table_is_read(tmp_path: Path) -> None:
    create = [Fault("status:429", retry_delay_s=37), Fault("drop_after")]
    assert read(WHOLE, tmp_path) == Trouble(
        faults={"batches.create": create, "files.download": [Fault("truncate")] * 2},
        latency_s={"files.upload.*": 0.2, "*": 1},
        pace=Pace(0, 3, 60, 1, endings={"*/0002/*": "CANCELLED with output"}),
        behaviour=Behaviour({"characters/*": "blocked:SAFETY"}, True, True),  # noqa: FBT003 - both
        gone={"requests-*": 1},
        lists=Lists(2, 0.5, 3),
        quotas=Quotas(10, 1000, 0),
    )


def test_an_empty_file_is_no_trouble(tmp_path: Path) -> None:
    assert read("", tmp_path) == Trouble()


def test_the_first_glob_that_matches_says_how_long_a_method_takes(tmp_path: Path) -> None:
    trouble = read(WHOLE, tmp_path)
    assert (trouble.latency("files.upload.chunk"), trouble.latency("files.get")) == (0.2, 1)
    assert Trouble().latency("files.get") == 0


WRONG = {
    "faults = 1": "faults is a table: write [faults]",
    "[fault]": "no such table: [fault]; there are faults, latency_s,",
    '[faults]\n"batches.make" = "pass"': "[faults]: no such method: 'batches.make'",
    '[faults]\n"batches.get" = "explode"': "[faults]: no such fault: 'explode'",
    '[faults]\n"batches.get" = "last_page"': "[faults]: batches.get is no list",
    '[faults]\n"batches.get" = 3': "[faults]: batches.get must be a text, not 3",
    '[latency_s]\n"*" = "long"': "[latency_s]: * must be a number, not 'long'",
    '[latency_s]\n"*" = -1': "[latency_s]: * must not be less than 0",
    '[endings]\n"*" = "DONE"': "[endings]: no such ending: 'DONE'",
    '[rows]\n"*" = "bad"': "[rows]: no such outcome: 'bad'",
    "[pace]\nlooks = 3": "[pace]: no such name: looks; there are looks_to_start,",
    "[pace]\nlooks_to_start = 1.5": "[pace]: looks_to_start must be a number, not 1.5",
    "[output]\nshuffle = 1": "[output]: shuffle must be true or false, not 1",
    "[lists]\npage_size = 0": "[lists]: page_size must be at least 1",
    "[quotas]\nmax_live_jobs = true": "[quotas]: max_live_jobs must be a number, not True",
    "[gone]\n[gone]": "Cannot declare",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=list(WRONG.values()))
def test_what_is_wrong_is_said_with_file_and_table(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(TroubleError) as error:
        read(text, tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'trouble.toml'}: ")
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TroubleError, match=r"cannot read .*none\.toml: No such file"):
        read_trouble(tmp_path / "none.toml")


def test_options_go_before_the_file_and_leave_the_rest_of_it() -> None:
    file = {"endings": {"*": "FAILED", "b": "EXPIRED"}, "quotas": {"max_live_jobs": 1}}
    endings = {"a": "CANCELLED", "b": "SUCCEEDED"}
    trouble = trouble_of(file, {"endings": endings, "quotas": {"max_stored_bytes": 2}}, "f")
    assert list(trouble.pace.endings) == ["a", "b", "*"]
    assert trouble.pace.endings["b"] == "SUCCEEDED"
    assert trouble.quotas == Quotas(max_live_jobs=1, max_stored_bytes=2)


def test_the_environment_goes_before_the_folders_own_file(tmp_path: Path) -> None:
    assert find_trouble(tmp_path, {}) is None
    (tmp_path / "trouble.toml").touch()
    assert find_trouble(tmp_path, {}) == tmp_path / "trouble.toml"
    named = {"CHARGEN_EMULATOR_TROUBLE": "ci/night.toml"}
    assert find_trouble(tmp_path, named) == Path("ci/night.toml")


def test_faults_are_read_as_they_are_written() -> None:
    assert faults_of("html:200*2") == [Fault("html:200")] * 2
    assert faults_of("status:429:0.5") == [Fault("status:429", retry_delay_s=0.5)]
    assert faults_of("hang:5") == [Fault("hang", hang_s=5)]
    assert faults_of("slow:0.1*3") == [Fault("slow", slow_s=0.1)] * 3
    assert faults_of("drop_before") == [Fault("drop_before")]


@pytest.mark.parametrize("text", ["", "pass*0", "status:503:2", "drop_after:1", "slow:x", "slow*"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no such fault|takes no seconds"):
        faults_of(text)
