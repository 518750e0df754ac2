"""The menu's questions: one, several, a word; Escape goes back from each but the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from chargen_batch.core.unseen import in_one_line, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_toolkit.key_binding import KeyPressEvent
    from questionary import Choice, Question, Style

T = TypeVar("T")

_ONE: Final = "(arrows or the key in front, then Enter; Esc goes back)"
_FIRST: Final = "(arrows or the key in front, then Enter; Esc leaves)"
_SEVERAL: Final = "(Space marks, a marks all, Enter takes them; Esc goes back)"
_WORD: Final = "(Enter takes it; Esc goes back)"
# How long a lone Escape may be the beginning of an arrow key.
_ESCAPE_S: Final = 0.1
# Terminals' own colours: they are made to be read on the background that is there.
_COLOURS: Final = (
    ("qmark", "fg:ansicyan bold"),
    ("question", "bold"),
    ("answer", "fg:ansicyan"),
    ("pointer", "fg:ansicyan bold"),
    ("highlighted", "fg:ansicyan bold"),
    ("selected", "noreverse"),
    ("instruction", "fg:ansibrightblack"),
    ("outcome-good", "fg:ansigreen"),
    ("outcome-open", "fg:ansiyellow"),
    ("outcome-bad", "fg:ansired"),
    ("typed", "fg:ansicyan bold"),
)


class WentBackError(Exception):
    """Somebody pressed Escape."""


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """Something to choose; ``letter`` is the key that goes to it."""

    title: str
    value: T
    letter: str | None = None
    marked: bool = False


def pick(
    question: str,
    items: Sequence[Item[T]],
    *,
    default: T | None = None,
    is_first: bool = False,
) -> T:
    """Let one be chosen; there is nothing to go back to from the first question.

    Raises:
        WentBackError: Escape was pressed.
        KeyboardInterrupt: Ctrl-C was.

    """
    import questionary

    numbers = [number for number, item in enumerate(items) if item.value == default]
    asked = questionary.select(
        question,
        [_choice(item, number) for number, item in enumerate(items)],
        default=numbers[0] if default is not None and numbers else None,  # type: ignore[arg-type]
        instruction=_FIRST if is_first else _ONE,
        style=_style(),
        use_shortcuts=all(item.letter for item in items),
        use_jk_keys=not any(item.letter for item in items),
    )
    number: int = _answer(asked)
    return items[number].value


def pick_several(question: str, items: Sequence[Item[T]]) -> list[T]:
    """Let any number be marked; none means that there is no choice to be made.

    Raises:
        WentBackError: Escape was pressed.
        KeyboardInterrupt: Ctrl-C was.

    """
    import questionary

    asked = questionary.checkbox(
        question,
        [_choice(item, number) for number, item in enumerate(items)],
        instruction=_SEVERAL,
        style=_style(),
    )
    return [items[number].value for number in _answer(asked)]


def word(question: str, *, default: str = "", is_good: Callable[[str], bool | str]) -> str:
    """Let a word be typed.

    Args:
        question: What is asked.
        default: What stands there already.
        is_good: Says of a word that it is good, or why it is not.

    Raises:
        WentBackError: Escape or Ctrl-D was pressed.
        KeyboardInterrupt: Ctrl-C was.

    """
    import questionary
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    _let_go_back(keys.add)
    asked = questionary.text(
        question,
        default=default,
        validate=is_good,
        instruction=f"{_WORD} ",
        style=_style(),
        key_bindings=keys,
    )
    answer: str = _answer(asked)
    return answer.strip()


def agrees(question: str, *, yes: str, no: str = "No, go back", default: bool = False) -> bool:
    """Ask whether to go on; both answers say what they do."""
    return pick(question, [Item(yes, True, "y"), Item(no, False, "n")], default=default)


def say(line: str, style: str = "") -> None:
    """Print a line of the menu's own."""
    import questionary

    colour = dict(_COLOURS).get(style)
    questionary.print(visible(line), style=colour)


def _choice(item: Item[T], number: int) -> Choice:
    """Return an item as questionary has it, which takes no ``None`` for a value: by its number."""
    import questionary

    return questionary.Choice(
        in_one_line(item.title),
        value=number,
        shortcut_key=item.letter or False,
        checked=item.marked,
    )


def _style() -> Style:
    import questionary

    return questionary.Style(list(_COLOURS))


def _answer(asked: Question) -> Any:  # noqa: ANN401 - the value of whatever was chosen
    keys = asked.application.key_bindings
    add = getattr(keys, "add", None)  # those of a word's field are given to it, and are closed
    if add is not None:
        _let_go_back(add)
    asked.application.ttimeoutlen = _ESCAPE_S
    try:
        return asked.unsafe_ask()
    except EOFError:  # the terminal is gone
        raise WentBackError from None


def _let_go_back(add: Callable[..., Callable[[Callable[[KeyPressEvent], None]], object]]) -> None:
    for key in ("escape", "c-d"):
        add(key, eager=True)(_goes_back)


def _goes_back(event: KeyPressEvent) -> None:
    event.app.exit(exception=WentBackError)
