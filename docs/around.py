"""Let the site have what its pages link to beside docs/: recipes, the example, changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = ("examples/*.*", "examples/crontab", "examples/lantern-coast/*", "CHANGELOG.md")
# A link out of docs/, from a page of any depth: in the site the file lies within.
_OUTWARD = re.compile(r"\]\((?:\.\./)+(examples/|CHANGELOG\.md)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies beside docs/."""
    for pattern in BESIDE:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                uri = path.relative_to(ROOT).as_posix()
                files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to what lies beside docs/ to where the site has it."""
    del config, files
    up = "../" * page.file.src_uri.count("/")
    inward = markdown.replace("](docs/", "](")  # a page beside docs/ leads into it
    return _OUTWARD.sub(rf"]({up}\1", inward)
