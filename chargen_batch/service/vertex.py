"""Vertex AI's batch prediction over Cloud Storage: how it is opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from chargen_batch.service.api import ServiceAddress
from chargen_batch.service.keys import VERTEX_BASE_URL_NAME, checked_base_url
from chargen_batch.service.sdk import vertex_sdk
from chargen_batch.service.vertex_account import Account, find_credentials
from chargen_batch.service.vertex_names import place_of
from chargen_batch.service.vertex_service import VertexService
from chargen_batch.service.vertex_session import (
    make_no_other_calls,
    open_session,
    open_tokens,
    rights,
)
from chargen_batch.service.vertex_storage import Bucket
from chargen_batch.service.wire import open_client

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from chargen_batch.model.settings import VertexSettings

# Locations that are several regions, whose host is called otherwise.
MULTI_REGIONS: Final = frozenset({"eu", "us"})


def connect(
    settings: VertexSettings,
    *,
    base_url: str | None,
    timeout_s: float = 120.0,
    credentials: Credentials | None = None,
) -> VertexService:
    """Open the service; nothing is sent yet.

    Args:
        settings: The project, the location, the bucket, and what names in it begin with.
        base_url: What GOOGLE_VERTEX_BASE_URL says; None is Google. Cloud Storage is where
            STORAGE_EMULATOR_HOST says, else Google's.
        timeout_s: For connecting, and for each wait for bytes to go or come.
        credentials: Whose rights count; None is what Google's libraries find on this machine.

    Raises:
        ConfigError: A setting is missing, there are no credentials, or the address is not to be
            sent a token.

    """
    place = place_of(settings)
    url = checked_base_url(base_url, default=google_url(place.location), name=VERTEX_BASE_URL_NAME)
    address = ServiceAddress("vertex", url, place.key, key_is_place=True)
    found = credentials or find_credentials()
    http = open_client(base_url=url, timeout_s=timeout_s, trust_env=True, environ=os.environ)
    sdk = vertex_sdk(address, http, place=place, credentials=found, timeout_s=timeout_s)
    make_no_other_calls(os.environ)
    stored, tokens = rights(found, os.environ), open_tokens(os.environ)
    session = open_session(stored, os.environ, tokens)
    bucket = Bucket(
        place.bucket, session, project=place.project, credentials=stored, timeout_s=timeout_s
    )
    return VertexService(address, place, sdk, bucket, Account(found, tokens))


def google_url(location: str) -> str:
    """Return where Google serves a location."""
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
