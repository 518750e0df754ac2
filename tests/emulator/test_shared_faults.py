"""Faults that processes share: each happens once, whoever meets it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.emulator.faults import Fault, Faults
from chargen_batch.emulator.server import serve
from chargen_batch.emulator.store import Store
from chargen_batch.emulator.trouble import Trouble
from tests.emulator.conversation import job

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator

KINDS = [Fault("status:503"), Fault("pass"), Fault("html:502")]
LISTER = """
import sys, httpx
from pathlib import Path
from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.server import serve
from chargen_batch.emulator.trouble import Trouble
trouble = Trouble(faults={"batches.list": [Fault("status:503")] * 20})
with serve(Path(sys.argv[1]), trouble=trouble) as emulator:
    url = f"{emulator.base_url}/v1beta/batches?key=k"
    print(sum(httpx.get(url, trust_env=False).status_code == 503 for _ in range(15)))
"""


def listed(state: Path, faults: list[Fault]) -> int:
    with serve(state, trouble=Trouble(faults={"batches.list": faults})) as emulator:
        url = f"{emulator.base_url}/v1beta/batches?key=k"
        return httpx.get(url, trust_env=False).status_code


def test_each_fault_happens_once_though_each_server_is_a_new_one(tmp_path: Path) -> None:
    assert [listed(tmp_path, KINDS) for _ in range(5)] == [503, 200, 502, 200, 200]


def test_processes_at_the_same_time_use_up_one_queue(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LISTER, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    met = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(met) == 20


def test_another_list_of_faults_is_another_queue(tmp_path: Path) -> None:
    assert [listed(tmp_path, KINDS[:1]) for _ in range(2)] == [503, 200]
    assert listed(tmp_path, KINDS[2:]) == 502


def test_a_servers_own_faults_go_first(tmp_path: Path) -> None:
    faults = Faults(Store(tmp_path / "s"), {"batches.list": [Fault("html:502")]})
    faults.add("batches.list", Fault("drop_after"))
    assert faults.pending() == {"batches.list": [Fault("drop_after"), Fault("html:502")]}
    taken = [faults.take("batches.list") for _ in range(3)]
    assert taken == [Fault("drop_after"), Fault("html:502"), None]
    assert faults.pending() == {}


def test_rewound_faults_happen_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    faults = Faults(store, {"batches.list": KINDS[:1]})
    faults.take("batches.list")
    faults.rewind()
    assert Faults(store, {"batches.list": KINDS[:1]}).pending() == {"batches.list": KINDS[:1]}


def test_a_shared_fault_that_its_method_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no list"):
        Faults(Store(tmp_path / "s"), {"batches.get": [Fault("empty_list")]})


def test_shared_faults_in_a_folder_that_cannot_be_used_are_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file")
    assert listed(tmp_path / "state", KINDS) == 403


def test_a_slow_answer_is_a_good_one_that_comes_late(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.faults.add("batches.list", Fault("slow", slow_s=0.2))
    start = time.monotonic()
    assert http.get("/v1beta/batches").status_code == 200
    assert time.monotonic() - start >= 0.2


def test_what_a_slow_answer_tells_of_is_done_before_the_client_gives_up(
    http: httpx.Client, emulator: Emulator
) -> None:
    path = job(http)
    emulator.faults.add("batches.cancel", Fault("slow", slow_s=60))
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{path}:cancel", timeout=0.5)
    assert http.get(path).json()["metadata"]["state"] == "BATCH_STATE_CANCELLED"


def test_every_answer_of_a_method_may_take_its_time(tmp_path: Path) -> None:
    trouble = Trouble(latency_s={"batches.*": 0.2})
    with serve(tmp_path, trouble=trouble) as emulator, httpx.Client(trust_env=False) as http:
        start = time.monotonic()
        assert http.get(f"{emulator.base_url}/v1beta/batches?key=k").json() == {}
        assert time.monotonic() - start >= 0.2
