"""What import-linter cannot see: who opens files for writing, and how long things are."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import chargen_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(chargen_batch.__file__).parent
MODULES: Final = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
# packed.py: into a file without a name, that nobody else sees.
MAY_WRITE: Final = ("disk.py", "exchange.py", "packed.py", "emulator/")

WRITING_CALLS: Final = frozenset(
    {
        *("write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "mkfifo"),
        *("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copyfileobj", "shutil.move"),
        *("shutil.copytree", "os.write", "os.truncate", "os.rename", "os.replace", "json.dump"),
        *("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"),
        *("FileHandler", "RotatingFileHandler", "urlretrieve", "ZipFile"),
    }
)
NOT_FILES: Final = frozenset({"webbrowser.open", "Image.open"})
OPENING_CALLS: Final = frozenset({"open", "fdopen"})
WRITE_FLAGS: Final = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC")


def _opens_for_writing(name: str, call: ast.Call) -> bool:
    if name == "os.open":
        return any(flag in ast.unparse(call) for flag in WRITE_FLAGS)
    if name in NOT_FILES or name.rpartition(".")[2] not in OPENING_CALLS:
        return False
    is_function = name in {"open", "io.open", "os.fdopen"}
    modes = call.args[1:2] if is_function else call.args[:1]
    modes += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    return any(_is_writing_mode(mode) for mode in modes)


def _is_writing_mode(mode: ast.expr) -> bool:
    # A mode that is not written out cannot be judged: it counts as writing.
    if not isinstance(mode, ast.Constant):
        return True
    return isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))


def _writes(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name in WRITING_CALLS or name.rpartition(".")[2] in WRITING_CALLS:
        return True
    return _opens_for_writing(name, call)


def _writing_calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _writes(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith(MAY_WRITE)])
def test_module_opens_no_file_for_writing(module: str) -> None:
    assert list(_writing_calls((PACKAGE / module).read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "path.open('xb')",
        "path.open(mode='r+')",
        "io.open(path, 'w')",
        "open(path, mode)",
        "os.open(path, os.O_RDWR | os.O_CREAT)",
        "os.fdopen(number, 'w')",
        "path.write_text(text)",
        "Path('a').write_bytes(b'')",
        "shutil.copy(a, b)",
        "shutil.move(a, b)",
        "tempfile.NamedTemporaryFile()",
        "json.dump(data, stream)",
        "logging.FileHandler(path)",
    ],
)
def test_way_to_write_is_seen(code: str) -> None:
    assert len(list(_writing_calls(code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "open(path, 'rb')",
        "path.open()",
        "path.open('rb')",
        "os.open(path, os.O_RDONLY)",
        "webbrowser.open(address)",
    ],
)
def test_reading_is_not_writing(code: str) -> None:
    assert list(_writing_calls(code)) == []


CLOCKS: Final = frozenset({"now", "utcnow", "today"})
DECIDING: Final = [module for module in MODULES if module.startswith(("core/", "model/"))]


@pytest.mark.parametrize("module", DECIDING)
def test_decisions_are_told_the_time_and_read_no_clock(module: str) -> None:
    calls = ast.walk(ast.parse((PACKAGE / module).read_text("utf-8")))
    read = [node for node in calls if isinstance(node, ast.Attribute) and node.attr in CLOCKS]
    assert [ast.unparse(node) for node in read] == []


@pytest.mark.parametrize("module", MODULES)
def test_module_has_at_most_250_lines(module: str) -> None:
    assert len((PACKAGE / module).read_text("utf-8").splitlines()) <= 250


@pytest.mark.parametrize("module", MODULES)
def test_functions_have_at_most_60_lines_without_docstring(module: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [node.name for node in functions if _length(node) > 60] == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    end = function.end_lineno or function.lineno
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return end - function.lineno + 1 - docstring
