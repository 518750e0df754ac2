"""report.html and what review serves: self-contained pages that fetch nothing from outside."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup

from chargen_batch.report import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chargen_batch.report.overview import Overview
    from chargen_batch.report.rows import Row

# A browser opens so many in a moment; a run with more tasks has an index and several pages.
PAGE_ROWS: Final = 2000
_STYLE: Final = "page.css"
_SCRIPTS: Final = {False: ("page.js",), True: ("page.js", "review.js")}


@dataclass(slots=True)
class Part:
    """A page of a run that has several, and what was on it: whose targets, and which failed."""

    number: int
    file: str
    count: int = 0
    failed: list[str] = field(default_factory=list)
    entities: list[tuple[str, str]] = field(default_factory=list)

    @property
    def first(self) -> int:
        """Return the number of its first task in the plan."""
        return (self.number - 1) * PAGE_ROWS + 1

    @property
    def last(self) -> int:
        """Return the number of its last task in the plan."""
        return self.first + self.count - 1

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Go through the page's rows, and note what the index tells of them."""
        for row in rows:
            self.count += 1
            if row.state == "failed":
                self.failed.append(row.key)
            if row.entity not in self.entities[-1:]:
                self.entities.append(row.entity)
            yield row


def render(overview: Overview, rows: Iterable[Row]) -> bytes:
    """Return the page of a run that fits on one. Every text in it is escaped."""
    return _page("report.html.j2", overview=overview, rows=rows, parts=())


def render_index(overview: Overview, parts: Sequence[Part]) -> bytes:
    """Return the first page of a run that has several."""
    return _page("report.html.j2", overview=overview, rows=(), parts=parts)


def render_part(overview: Overview, rows: Iterable[Row], number: int, count: int) -> bytes:
    """Return one of a run's several pages."""
    return _page("part.html.j2", overview=overview, rows=rows, number=number, count=count)


def render_review(
    rows: Iterable[Row],
    *,
    title: str,
    token: str,
    back: str = "",
    is_rehearsal: bool = False,
    part: tuple[int, int] = (1, 1),
) -> bytes:
    """Return the page on which a person approves and rejects; each row has a ``decision``.

    Its script posts to ``decisions``, relative to the page's own address.

    Args:
        rows: The pictures to decide about.
        title: What they are pictures of.
        token: What the script sends with each decision (``x-review-token``).
        back: A sentence on what to do when this is done, such as which command to type.
        is_rehearsal: Whether the emulator drew all of them.
        part: Which page this is, of how many; the n-th is at ``?part=n``.

    """
    return _page(
        "review.html.j2",
        is_review=True,
        rows=rows,
        title=title,
        token=token,
        back=back,
        is_rehearsal=is_rehearsal,
        number=part[0],
        count=part[1],
    )


@functools.cache
def policy(*, review: bool = False) -> str:
    """Return the content security policy of the pages: nothing but what stands in them.

    In a header, add ``frame-ancestors 'none'``: a page cannot say it of itself.
    """
    scripts = " ".join(_hash(_read(name)) for name in _SCRIPTS[review])
    connect = "connect-src 'self'; " if review else ""
    images = "'self'" if review else "'self' file:"
    return (
        f"default-src 'none'; img-src {images}; style-src {_hash(_read(_STYLE))}; "
        f"script-src {scripts}; {connect}base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _page(template: str, *, rows: Iterable[Row], is_review: bool = False, **words: Any) -> bytes:  # noqa: ANN401 - whatever the template takes
    """Return a page; row after row becomes bytes, so that only these are held."""
    chunks = (
        _environment()
        .get_template(template)
        .generate(
            groups=itertools.groupby(rows, key=lambda row: row.entity),
            is_review=is_review,
            policy=policy(review=is_review),
            style=Markup(_read(_STYLE)),  # noqa: S704 - ours
            scripts=[Markup(_read(name)) for name in _SCRIPTS[is_review]],  # noqa: S704 - ours
            **words,
        )
    )
    return b"".join(chunk.encode(errors="replace") for chunk in chunks) + b"\n"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chargen_batch.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=wording.visible,
    )
    environment.filters |= {
        "moment": wording.moment,
        "span": wording.span,
        "usd": wording.usd,
        "number": "{:,}".format,
    }
    return environment


@functools.cache
def _read(name: str) -> str:
    """Return a style or script of ours as it stands in the page."""
    loader = _environment().loader
    assert loader is not None  # noqa: S101 - for the type checker
    return loader.get_source(_environment(), name)[0]
