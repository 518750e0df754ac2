"""A page, parsed: its elements and texts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

VOID: Final = {"meta", "img", "br", "link", "input", "rect"}


class Page(HTMLParser):
    """A page's elements, and whether each was closed in its turn."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.html = html.decode()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        self.inside.get(tag, self.texts).append(data)

    @property
    def text(self) -> str:
        """Return all text as it stands, but style and script."""
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """Return all words, with a space between."""
        return " ".join(" ".join(self.texts).split())

    def attributes(self, name: str) -> list[str]:
        """Return every value of an attribute."""
        return [attrs[name] for _, attrs in self.elements if name in attrs]

    def count(self, tag: str) -> int:
        """Return how many elements of a kind there are."""
        return sum(each == tag for each, _ in self.elements)

    @property
    def policy(self) -> str:
        """Return its content security policy."""
        (policy,) = [
            attrs["content"]
            for _, attrs in self.elements
            if attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        return policy
