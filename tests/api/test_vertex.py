"""The seven phases over the emulators of Vertex AI and Cloud Storage, through the Python API."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import Project
from chargen_batch.emulator.server import serve
from tests.accounts import account_file
from tests.api.conftest import downloaded, files, written
from tests.storage import BUCKET, storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.storage import Storage

# Lets a program do as if some package were not installed.
WITHOUT: Final = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
from chargen_batch.cli.main import main
sys.exit(main(["doctor", "--backend", "vertex", "--project", sys.argv[2]]))
"""


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Storage]:
    """Give a Cloud Storage on loopback."""
    with storage(tmp_path / "storage") as running:
        yield running


@pytest.fixture
def on_vertex(
    folder: Path, tmp_path: Path, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """Give the example story, whose runs go to the emulator of Vertex AI."""
    settings = folder / "chargen.yaml"
    kept = settings.read_text() if settings.exists() else ""
    settings.write_text(f"{kept}\nvertex: {{project: a-project, bucket: {BUCKET}}}\n")
    with serve(tmp_path / "emulator") as emulator:
        emulator.world.storage = bucket.direct_url
        login = account_file(tmp_path, emulator.base_url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login))
        monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", emulator.base_url)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.base_url)
        with Project.open(folder, backend="vertex") as opened:
            yield opened


def test_a_run_goes_through_all_phases(on_vertex: Project, folder: Path, bucket: Storage) -> None:
    before = files(folder)
    run = downloaded(written(on_vertex))

    run.apply()

    made = {name for name in files(folder).keys() - before.keys() if name.endswith(".png")}
    assert len(made) == 2
    state = json.loads((folder / ".chargen/batch" / run.id / "state.json").read_text())
    assert state["service"]["backend"] == "vertex"
    assert any(f"/{run.id}/" in name for name in bucket.names("chargen-batch/"))


def test_a_finished_run_leaves_references_only(on_vertex: Project, bucket: Storage) -> None:
    run = downloaded(written(on_vertex))
    run.apply()

    run.cleanup()

    assert [name for name in bucket.names() if "/refs/" not in name] == []


def test_the_other_backends_load_nothing_of_it() -> None:
    looked = "import chargen_batch.service.gemini, sys; sys.exit('google.cloud' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", looked], check=False).returncode == 0


@pytest.mark.parametrize("package", ["google.cloud", "google.api_core", "google_crc32c"])
def test_a_missing_extra_is_said_with_what_to_type(folder: Path, package: str) -> None:
    program = [sys.executable, "-c", WITHOUT, package, str(folder)]

    done = subprocess.run(program, capture_output=True, text=True, check=False)

    assert "pip install 'chargen-batch[vertex]'" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 6
