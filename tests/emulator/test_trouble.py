from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from chargen_batch.emulator.server import serve

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_that_cannot_be_used_is_said_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file where the folder should be")
    with serve(tmp_path / "state") as emulator:
        url = f"{emulator.base_url}/v1beta/files"
        answer = httpx.get(url, headers={"x-goog-api-key": "k"}, trust_env=False)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["message"].startswith("The emulator cannot use its own folder: ")
