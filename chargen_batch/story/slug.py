"""Ids and file names: slugs made from titles, ids as authors wrote them, stems for output files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

MAX_STEM_BYTES: Final = 80

_NOT_WORD: Final = re.compile(r"[\W_]+")
_NOT_STEM: Final = re.compile(r"[^a-z0-9._-]+")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.DOTALL).fullmatch
_HEX_DIGITS: Final = 6


def slug(text: str) -> str:
    """Return ``text`` as a slug: NFKC, casefolded, all but letters and digits one ``-``.

    Letters and digits of any script stay. Empty where there are none.
    """
    if text.isascii():  # most are, and stay as they are but for their case
        return _NOT_WORD.sub("-", text.lower()).strip("-")
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Casefolding may take letters apart; a mark standing alone would become a dash.
    return _NOT_WORD.sub("-", unicodedata.normalize("NFKC", folded)).strip("-")


def authored_id(value: object) -> str | None:
    """Return an id that an author wrote, as it is (NFC); ``None`` where it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return None
    return unicodedata.normalize("NFC", value)


def short_hash(text: str, digits: int) -> str:
    """Return the first hex ``digits`` of the SHA-256 of ``text``."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def file_stem(target_id: str) -> str:
    """Map an id to a file name's stem that every file system takes.

    Of ``[a-z0-9._-]``, at most 80 bytes, no dot in front or behind, no device name; with ``-`` and
    6 hex of the id's SHA-256 where that is not the id itself.
    """
    stem = unicodedata.normalize("NFKC", target_id).casefold()
    stem = _NOT_STEM.sub("-", stem).strip(".")
    if _DEVICE(stem):
        stem = "-" + stem.replace(".", "-")
    if stem and stem == target_id and len(stem) <= MAX_STEM_BYTES:
        return stem
    kept = stem[: MAX_STEM_BYTES - _HEX_DIGITS - 1].strip("-.") or "target"
    return f"{kept}-{short_hash(target_id, _HEX_DIGITS)}"


def in_words(target_id: str) -> str:
    """Return an id as people would say it: ``the-lamp-room`` is ``The Lamp Room``."""
    words = _NOT_WORD.sub(" ", target_id).split()
    return " ".join(word[:1].upper() + word[1:] for word in words)
