"""YAML 1.2's core schema: the tags of plain scalars, and the values that their texts stand for."""

import re
from math import inf, nan
from typing import Final

# YAML 1.2.2, section 10.3.2, with 10.3.1's tags.
NULL, BOOL, INT, FLOAT, STR, SEQ, MAP = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map")
)
WORDS: Final[dict[str, tuple[str, object]]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (NULL, None)),
    **dict.fromkeys(("true", "True", "TRUE"), (BOOL, True)),
    **dict.fromkeys(("false", "False", "FALSE"), (BOOL, False)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (FLOAT, inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (FLOAT, -inf)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (FLOAT, nan)),
}
INT_TEXT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+").fullmatch
FLOAT_TEXT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?").fullmatch
NUMBER_STARTS: Final = frozenset("+-.0123456789")


def scalar_value(tag: str, value: str) -> object:
    """Return the value of a scalar's text by its tag; ValueError where it has none."""
    word_tag, word = WORDS.get(value, ("", None))
    if word_tag == tag:
        return word
    if tag == INT and INT_TEXT(value):
        return int(value, {"0o": 8, "0x": 16}.get(value[:2], 10))
    if tag == FLOAT and FLOAT_TEXT(value):
        return float(value)
    raise ValueError(tag)
