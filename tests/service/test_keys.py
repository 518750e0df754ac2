"""The key and the address: environment, .env, and what is not to be sent a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ConfigError
from chargen_batch.service.gemini import connect
from chargen_batch.service.keys import (
    checked_base_url,
    checked_key,
    is_loopback,
    read_base_url,
    read_key,
)
from tests.service.calls import KEY, all_told

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, None),
        ({"GEMINI_API_KEY": "gemini"}, "gemini"),
        ({"GOOGLE_API_KEY": "google"}, "google"),
        ({"GEMINI_API_KEY": "gemini", "GOOGLE_API_KEY": "google"}, "google"),
        ({"GEMINI_API_KEY": "gemini", "GOOGLE_API_KEY": " "}, "gemini"),
        ({"GEMINI_API_KEY": " gemini\n"}, "gemini"),
    ],
)
def test_googles_name_counts_before_geminis(environ: dict[str, str], key: str | None) -> None:
    assert read_key(environ, None) == key


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, "from-file"),
        ({"GEMINI_API_KEY": "set"}, "set"),
        ({"GEMINI_API_KEY": ""}, None),
        ({"GOOGLE_API_KEY": ""}, "from-file"),
    ],
)
def test_a_variable_that_is_set_counts_before_dotenv(
    tmp_path: Path, environ: dict[str, str], key: str | None
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("export GEMINI_API_KEY='from-file'\nOTHER=secret\n")

    assert read_key(environ, dotenv) == key


def test_dotenv_is_read_without_expanding_variables(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("GEMINI_API_KEY=${HOME}x\nGOOGLE_API_KEY\n")

    assert read_key({}, dotenv) == "${HOME}x"


def test_no_dotenv_is_no_key(tmp_path: Path) -> None:
    assert read_key({}, tmp_path / ".env") is None
    assert read_key({}, tmp_path) is None


def test_a_dotenv_that_is_no_text_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"GEMINI_API_KEY=\xff\xfe\n")

    with pytest.raises(ConfigError, match=r"\.env: cannot be read"):
        read_key({}, dotenv)


def test_the_base_url_comes_from_googles_variable() -> None:
    assert read_base_url({}) is None
    assert read_base_url({"GOOGLE_GEMINI_BASE_URL": ""}) is None
    assert read_base_url({"GOOGLE_GEMINI_BASE_URL": "https://a"}) == "https://a"


@pytest.mark.parametrize(
    "key", ["", "  ", "two words", f"{KEY}\n{KEY}", f"{KEY}é", f"auth_tokens/{KEY}"]
)
def test_a_key_that_cannot_be_one_is_refused_unseen(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_key(key)

    assert KEY not in all_told(caught.value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (None, "https://generativelanguage.googleapis.com"),
        ("https://relay.example/gemini/", "https://relay.example/gemini"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_https_anywhere_and_http_to_loopback_are_addresses(given: str | None, used: str) -> None:
    assert checked_base_url(given) == used


@pytest.mark.parametrize(
    "url",
    [
        "http://relay.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "relay.example",
        "https://",
        "https://user:secret@relay.example",
        "https://relay.example?key=secret",
        "https://relay.example:port",
        "https://[::1",
    ],
)
def test_any_other_address_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(api_key=KEY, base_url=url)

    assert "secret" not in all_told(caught.value)
    assert KEY not in all_told(caught.value)


def test_a_name_like_loopback_is_not_loopback() -> None:
    assert is_loopback("http://127.8.0.1/")
    assert not is_loopback("http://localhost.example/")
