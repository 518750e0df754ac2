"""Who calls Vertex AI: bearer tokens, and the endpoint at which service accounts get them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from chargen_batch.emulator.calls import Answer, Call
from chargen_batch.emulator.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIFETIME_S = 3599
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_NEEDED = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login "
    "cookie or other valid authentication credential."
)
_LOGIN_WRONG = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
    "or other valid authentication credential."
)


class GrantError(RefusalError):
    """A token that is not given; it is told in OAuth's words."""

    def body(self) -> dict[str, Any]:
        """Write the error as the token endpoint does."""
        return {"error": self.status, "error_description": self.message}


def check_bearer(headers: Mapping[str, str]) -> None:
    """Refuse a call without a token, or with one that is none.

    Tokens that start with "wrong" are none, and those that start with "foreign" are of somebody who
    may do nothing here.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise RefusalError(401, _LOGIN_NEEDED, status="UNAUTHENTICATED")
    if token.startswith("wrong"):
        raise RefusalError(401, _LOGIN_WRONG, status="UNAUTHENTICATED")
    if token.startswith("foreign"):
        raise RefusalError(
            403,
            "Permission 'aiplatform.batchPredictionJobs' denied on resource (or it may not exist).",
        )


def give_token(call: Call) -> Answer:
    """Give a token for a signed assertion of a service account, or for a refresh token.

    The signature is not looked at. The token starts as the account's name does.
    """
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    match form.get("grant_type", ""):
        case "refresh_token" if form.get("refresh_token"):
            who = form["refresh_token"]
        case kind if kind == _ASSERTION:
            who = _issuer(form.get("assertion", ""))
        case _:
            raise GrantError(400, "Invalid grant type.", status="unsupported_grant_type")
    if who.startswith("gone"):
        raise GrantError(400, "Invalid grant: account not found", status="invalid_grant")
    token = f"{who.split('@')[0]}.{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    return Answer({"access_token": token, "expires_in": _LIFETIME_S, "token_type": "Bearer"})


def _issuer(assertion: str) -> str:
    try:
        _, claims, _ = assertion.split(".")
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return str(told["iss"])
    except (ValueError, KeyError, TypeError) as error:
        raise GrantError(400, "Invalid JWT: it cannot be read", status="invalid_grant") from error
