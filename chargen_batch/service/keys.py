"""Where the API key and the service's address come from: the environment, and two names of .env."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dotenv import dotenv_values

from chargen_batch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from urllib.parse import SplitResult

# In Google's order: where both are set, GOOGLE_API_KEY is the one that counts.
KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
BASE_URL_NAME = "GOOGLE_GEMINI_BASE_URL"
VERTEX_BASE_URL_NAME = "GOOGLE_VERTEX_BASE_URL"
GOOGLE_BASE_URL = "https://generativelanguage.googleapis.com"


def read_key(environ: Mapping[str, str], dotenv: Path | None) -> str | None:
    """Return the API key, or None where there is none.

    A variable that is set counts before the same name in ``dotenv``; nothing but the two key names
    is read there. An empty value is none.
    """
    from_file = _dotenv_keys(dotenv) if dotenv is not None else {}
    for name in KEY_NAMES:
        key = (environ[name] if name in environ else from_file.get(name, "")).strip()
        if key:
            return key
    return None


def _dotenv_keys(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{path}: cannot be read ({type(err).__name__})") from err
    return {name: values.get(name) or "" for name in KEY_NAMES}


def read_base_url(environ: Mapping[str, str], name: str = BASE_URL_NAME) -> str | None:
    """Return where a variable points the client, or None for Google itself."""
    return environ.get(name, "").strip() or None


def checked_key(key: str) -> str:
    """Return a key that fits into a header, or raise ConfigError, which never shows it."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            "the API key is empty, or has a space or a character that no key has",
            hint="set GEMINI_API_KEY to the key as Google AI Studio shows it",
        )
    if key.startswith("auth_tokens/"):
        raise ConfigError(
            "the API key is an ephemeral token, which only Google's Live API takes",
            hint="set GEMINI_API_KEY to an API key",
        )
    return key


def checked_base_url(
    base_url: str | None, *, default: str = GOOGLE_BASE_URL, name: str = BASE_URL_NAME
) -> str:
    """Return the service's base URL without its last slash.

    Args:
        base_url: What was given; None is ``default``.
        default: Google's own.
        name: The variable that it was given in.

    Raises:
        ConfigError: It is no http(s) address of a host, carries a user, or is plain http to
            anything but loopback (the key would be readable on the way).

    """
    secret = "API key" if name == BASE_URL_NAME else "access token"
    url = (base_url or default).rstrip("/")
    parts = _split(url)
    if parts is None:
        raise ConfigError(
            f"{name} is not the address of a service",
            hint="write it as https://HOST[:PORT][/PATH], with no user, query or fragment",
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise ConfigError(
            f"{name}: plain http to {parts.hostname} would show the {secret} on the way",
            hint="use https, or http to 127.0.0.1 only",
        )
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return parts if parts.scheme in {"http", "https"} and parts.hostname and is_plain else None


def is_loopback(url: str) -> bool:
    """Say whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
