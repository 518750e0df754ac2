"""Key files of service accounts that no cloud knows, whose tokens come from the emulator."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from pathlib import Path


def account_file(folder: Path, base_url: str, *, name: str = "drawer") -> Path:
    """Write a key file, for GOOGLE_APPLICATION_CREDENTIALS to name.

    Its tokens start as its name does: "wrong" and "foreign" ones are refused, and "gone" gets none.
    """
    path = folder / f"{name}.json"
    account = {
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "1",
        "private_key": _private_key(),
        "client_email": f"{name}@a-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{base_url}/token",
    }
    path.write_text(json.dumps(account))
    return path


@lru_cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
