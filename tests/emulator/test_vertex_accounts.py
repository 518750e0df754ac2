"""Who may call the Vertex AI emulator, and how a service account gets its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from tests.accounts import account_file
from tests.emulator.vertex import JOBS

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator


def token_of(folder: Path, emulator: Emulator, name: str) -> str:
    file = account_file(folder, emulator.base_url, name=name)
    login = service_account.Credentials.from_service_account_file(str(file), scopes=["a"])
    login.refresh(Request())
    return str(login.token)


@pytest.mark.parametrize(
    ("token", "status", "word"),
    [
        ("", 401, "UNAUTHENTICATED"),
        ("Basic abc", 401, "UNAUTHENTICATED"),
        ("Bearer wrong", 401, "UNAUTHENTICATED"),
        ("Bearer foreign", 403, "PERMISSION_DENIED"),
    ],
)
def test_calls_need_the_token_of_somebody_who_may(
    emulator: Emulator, token: str, status: int, word: str
) -> None:
    headers = {"Authorization": token} if token else {}
    answer = httpx.get(emulator.base_url + JOBS, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, word)


def test_a_service_account_gets_a_token_that_is_taken(emulator: Emulator, tmp_path: Path) -> None:
    token = token_of(tmp_path, emulator, "drawer")
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(emulator.base_url + JOBS, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {})


def test_an_account_that_is_gone_gets_none(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(RefreshError, match="account not found"):
        token_of(tmp_path, emulator, "gone")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b"},
            "invalid_grant",
        ),
    ],
)
def test_other_asking_for_tokens_is_refused(
    emulator: Emulator, form: dict[str, str], error: str
) -> None:
    answer = httpx.post(f"{emulator.base_url}/token", data=form, trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_persons_refresh_token_gets_one_too(emulator: Emulator) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "me", "client_id": "c"}
    answer = httpx.post(f"{emulator.base_url}/token", data=form, trust_env=False).json()
    assert answer["access_token"].startswith("me.")
    assert answer["token_type"] == "Bearer"  # noqa: S105 - a kind, and no secret
