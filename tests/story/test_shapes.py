"""Every shape that files have: what is taken out again leaves the bytes that were there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings

from chargen_batch.story.inventory import node_at
from chargen_batch.story.splice import Append, Fill, SpliceError, splice, splice_composed
from chargen_batch.yaml12 import YamlError, compose, load
from tests.story.awkward import FILES, REFUSED
from tests.story.restoring import ENTRY, KEY, SMALL, restored
from tests.story.test_splice import STORY, story_files, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.yaml12 import Composed

Edit = Append | Fill
# Where nothing can be entered: said, and right.
NO_PLACE = re.compile(
    "an alias refers to this|lacks its last line end|no second key|no colon|tag !!null"
)


def edits_of(data: object, path: tuple[str | int, ...] = ()) -> Iterator[Append]:
    """Yield an append for each mapping, by a new key, and for each list in one."""
    if isinstance(data, dict):
        yield Append(path, KEY, (ENTRY, SMALL))
        for key, value in data.items():
            if isinstance(key, str) and (value is None or isinstance(value, list)):
                yield Append(path, key, (SMALL, ENTRY))
            if isinstance(key, str):
                yield from edits_of(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from edits_of(value, (*path, number))


def expected(data: Any, edits: Sequence[Edit]) -> Any:  # noqa: ANN401 - any file's data
    """Return what a file holds afterwards, made the plain way."""
    data = {} if data is None else data
    for edit in edits:
        node = data
        for step in edit.path:
            node = node[step]
        if isinstance(edit, Append):
            node[edit.key] = [*(node.get(edit.key) or []), *edit.entries]
        else:
            node.update({k: v for k, v in edit.values.items() if k in node and not node[k]})
    return data


def check(raw: bytes, composed: Composed, edits: Sequence[Edit]) -> None:
    new = splice_composed(raw, composed, edits, where="x.yaml")
    assert load(new, where="") == expected(load(raw, where=""), edits)
    assert restored(raw, new) == raw


def takes(raw: bytes, composed: Composed, edit: Edit) -> bool:
    try:
        splice_composed(raw, composed, [edit], where="x.yaml")
    except SpliceError as error:
        if NO_PLACE.search(error.message):
            return False
        raise
    return True


@pytest.mark.parametrize("ending", ["as it is", "CRLF", "no last newline"])
@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_what_was_entered_can_be_taken_out_again(text: str, ending: str) -> None:
    if ending == "CRLF":
        text = re.sub(r"(?<!\r)\n", "\r\n", text)
    elif ending == "no last newline":
        text = text.rstrip("\r\n")
    raw = text.encode()
    composed = compose(raw, where="x.yaml")
    edits = [edit for edit in edits_of(composed.data or {}) if takes(raw, composed, edit)]

    assert edits or "text" in ending
    for edit in edits:
        check(raw, composed, [edit])
    check(raw, composed, edits[::2])
    check(raw, composed, edits[::-1])
    check(raw, composed, edits)


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_takes_no_entry_is_refused_and_told(text: str, message: str) -> None:
    with pytest.raises((YamlError, SpliceError), match=re.escape(message)) as caught:
        splice(text.encode(), [Append((), "image_inventory", (SMALL,))], where="x.yaml")

    assert str(caught.value).startswith("x.yaml:")


@given(texts())
@settings(max_examples=60, deadline=None)
def test_what_was_entered_into_any_text_can_be_taken_out_again(text: str) -> None:
    raw = text.encode()
    try:
        composed = compose(raw, where="x.yaml")
    except YamlError:
        return
    if composed.data is not None and not isinstance(composed.data, dict):
        return
    edits = [edit for edit in edits_of(composed.data or {}) if takes(raw, composed, edit)]
    for edit in edits:
        check(raw, composed, [edit])
    check(raw, composed, edits)


PICTURE: Final[dict[str, object]] = {
    **dict.fromkeys(("generated_at", "file_name", "file_path", "provider", "model"), "zzq"),
    "provider_metadata": {"zzq_key": "k", "zzq_run": "r"},
}


def inventory_key(node: object) -> str:
    """Return the key that takes entries; one that is missing gets a marked name instead."""
    return "image_inventory" if isinstance(node, dict) and "image_inventory" in node else KEY


def story_edits(data: Any) -> list[Edit]:  # noqa: ANN401 - any story file's data
    """Return an entry for each place of a story file that an inventory can have, and the fills."""
    paths: list[tuple[str | int, ...]] = [()]
    if isinstance(overview := data.get("overview"), dict):
        paths += [
            ("overview",),
            *(("overview", k) for k, v in overview.items() if isinstance(v, dict)),
        ]
    for key in ("zones", "beat_images", "images"):
        for number, node in enumerate(data.get(key) or []):
            paths.append((key, number))
            inner = node.get("images") if key == "zones" else None
            paths += [(key, number, "images", n) for n, _ in enumerate(inner or [])]
    images = range(len(data.get("images") or []))
    appends = (Append(path, inventory_key(node_at(data, path)), (ENTRY,)) for path in paths)
    return [*appends, *(Fill(("images", number), PICTURE) for number in images)]


@pytest.mark.skipif(not STORY.is_dir(), reason="no story beside the repository")
@pytest.mark.parametrize("path", story_files(), ids=lambda path: str(path.relative_to(STORY)))
def test_what_was_entered_into_a_real_file_can_be_taken_out_again(path: Path) -> None:
    raw = path.read_bytes()
    try:
        composed = compose(raw, where=path.name)
    except YamlError:
        assert path.parent.name == "undershade-canyon"
        return
    edits = story_edits(composed.data)
    for some in (edits[:1], edits[-1:], edits[len(edits) // 2 :], edits[::2], edits):
        check(raw, composed, some)


EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "lantern-coast"
_FILLED: Final = re.compile(
    r" *(?:(?:- )?(?:generated_at|file_name|file_path|provider|model): (?:null|~)"
    r"|provider_metadata: (?:null|~|\{\})|image_inventory: (?:\[\]|null|~))[ \t]*(?:#.*)?\r?"
)


@pytest.mark.parametrize("story", [STORY, EXAMPLE], ids=["shared", "example"])
def test_git_shows_no_removed_lines_but_what_stood_for_nothing(story: Path, tmp_path: Path) -> None:
    if not story.is_dir():
        pytest.skip("no story beside the repository")
    git(tmp_path, "init", "-q")
    edited = [found for found in imagery_of(story) if enter_all(found, story, tmp_path)]

    shown = git(tmp_path, "diff", "--minimal", "--unified=0")
    removed = [line[1:] for line in shown.split("\n") if re.match(r"-(?!--)", line)]
    assert len(re.findall(r"(?m)^\+\+\+ b/", shown)) == len(edited) > 0
    assert [line for line in removed if not _FILLED.fullmatch(line)] == []
    assert shown.count("zzq_id") > len(edited)


def imagery_of(story: Path) -> list[Path]:
    return sorted(story.rglob("imagery.yaml"))


def enter_all(path: Path, story: Path, folder: Path) -> bool:
    """Add a file to git's index as it is, and enter all that can be entered into it."""
    copy = folder / path.relative_to(story)
    copy.parent.mkdir(parents=True)
    raw = path.read_bytes()
    copy.write_bytes(raw)
    git(folder, "add", str(copy.relative_to(folder)))
    try:
        composed = compose(raw, where=path.name)
    except YamlError:
        return False
    copy.write_bytes(splice_composed(raw, composed, story_edits(composed.data), where=path.name))
    return True


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.autocrlf=false", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()
