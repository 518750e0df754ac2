"""YAML as people and other tools write it: files that splicing has to leave as they are."""

from typing import Final

# Files to which only whole lines are added.
PURE: Final[dict[str, str]] = {
    "a key alone": "a: 1\n",
    "comments only": "# hello\n# there\n",
    "empty": "",
    "marker only": "---\n",
    "marker, comment, end": "--- # c\n# d\n...\n",
    "markers": "%YAML 1.2\n---\na: 1\n...\n# after\n",
    "null by absence": "image_inventory:\nb: 1\n",
    "null by absence, comment": "image_inventory: # none yet\nb: 1\n",
    "list in the middle": 'image_inventory:\n  - id: "x"\n\n# about b\nb: 1\n',
    "list at the parent's indentation": "image_inventory:\n- id: x\n  z: 1\nb: 1\n",
    "deeper list, wide gap": "image_inventory:\n    -   id: x\n        m:\n            k: 1\n",
    "dash on its own line": "image_inventory:\n  -\n    id: 1\n  -   # c\n    id: 2\n",
    "empty last item": "image_inventory:\n  - id: 1\n  -\nb: 2\n",
    "scalar items": "image_inventory:\n  - x\n  - y\n",
    "single quotes": "image_inventory:\n  - id: 'x'\n    t: 'y'\n",
    "CRLF": 'a: "1"\r\nimage_inventory:\r\n  - id: "x"\r\n# end\r\n',
    "CRLF, new key": "a:\r\n- b\r\n\r\n# end\r\n",
    "BOM": "\ufeffa: 1\nimage_inventory:\n  - id: 1\nb: 2\n",
    "BOM, comment": "\ufeff# c\n",
    "non-ASCII": 'ü: "☃ 😀"\nimage_inventory:\n  - "Ä": ö # ß\nz: é\n',
    "U+2028 and U+0085 in quotes": (
        'a: "x\u2028y\u0085z"\nimage_inventory:\n  - id: "\u2029"\nb: 1\n'
    ),
    "U+2028 in a comment": "a: 1 # x\u2028\nb: 2\n",
    "literal at the end": "a: |\n  text\n  more\n",
    "literal, blank lines behind": "m:\n  a: |\n    text\n\n\nb: |\n  t\n\n\n",
    "literal kept": "m: 1\na: |+\n  text\n\n\n",
    "literal kept, comment behind": "a: |+ # keep + all\n  text\n\n# c\n",
    "literal stripped": "a: |-\n  text\n\n# c\n",
    "literal with a blank content line": "a: |\n  text\n     \n\n",
    "literal with an indentation digit": "a: |2-\n    text\n",
    "folded": "a: >\n  text\n  goes\n\n  on\n\n",
    "literal in an item": "image_inventory:\n  - id: x\n    p: |\n      prompt\n\n  # c\n\nz: 1\n",
    "empty literal": "b: 1\na: |\n",
    "literal, anchored": "a: &a-b |\n  text\n\nb: *a-b\n",
    "quoted over lines": 'a: "x\n\n  y"  # c\n',
    "plain over lines": "a: x\n  y z\n\n  w\n\n# c\n",
    "comments between and behind": (
        "# head\nimage_inventory:\n  # first\n  - id: 1 # one\n  # second\n  - id: 2\n"
        "  # - id: 3\n# tail\nb: 1\n# end\n"
    ),
    "flow values": "a: {b: [1, 2]}\nc: [\n  1, # x\n  2\n] # y\n",
    "anchors": "a: &x {b: 1}\nimage_inventory:\n  - &y {id: 1}\n  - id: 2\nc: *x\n",
    "last is an alias": "a: &x {b: 1}\nc: *x # s\n",
    "last items are aliases": "image_inventory:\n- &a {id: 1}\n- *a\n- *a # c\n",
    "all items are aliases": "a: &a {id: 1}\nimage_inventory:\n  - *a\n",
    "a key is an alias": "a: &a x\n*a : y\n",
    "anchored list": "image_inventory: &l\n  - id: 1\nb: 2\n",
    "tagged list": "image_inventory: !!seq # c\n  - id: 1\n",
    "tabs behind values": "a: 1\t\nimage_inventory:\t\n  - id: 1\t# c\nb: 2\n",
    "explicit keys": "? a\n: 1\n? b\n# c\n",
    "nothing as last value": "a: 1\nb:\n# c\n\n",
    "deep": "a:\n   b:\n      - c:\n         - d: 1\n\n   # e\n\n# f\n",
    "block scalar as last item": "image_inventory:\n  - |\n    x\n  - >-\n    y\n\n",
    "looks like markers": "a: '---'\nb: |\n  ---\n  ...\n",
}

_LONG: Final = "word " * 30_000
_LONG_ESCAPED: Final = "x\\u2603" * 9_000

# What hands, editors and other tools leave in such files.
FILES: Final[dict[str, str]] = {
    **PURE,
    "mixed line ends": "a: 1\r\nl:\n  - x: 1\r\n  - y: 2\n\r\nb: |\r\n  t\n  u\r\nz: 1\n",
    "old line ends": "a: 1\rl:\r  - x: 1\rb: 2\r",
    "last line without an end, CRLF": "a: 1\r\nl:\r\n  - x: 1",
    "two blank lines at the end": "a: 1\nl:\n  - x: 1\n\n\n",
    "blanks at the end": "a: 1\nl:\n  - x: 1\n   ",
    "a comment without a newline": "a: 1\nl:\n  - x: 1\n# end",
    "tabs for blanks": "a:\t1\t# c\nl:\n  - x\t\n  - y:\t'z'\t\nb:\t[]\t# none\n",
    "a tab in a blank line at the end": "a: 1\n \t\n",
    "tabs in blank lines behind plain values": (
        "l:\n  - x: 1\n\n      \t# c\n  - y\n     \t\n\nb: 2\n"
    ),
    "a line of tabs": "a: [1,\n\t\n  2]\nl:\n  - x: 'y\n\n\t\tz'\nb: 2\n",
    "U+0085 and U+2028 in comments": (
        "a: 1 # x\u0085# y\nl: # \u2028 # - z\n  - x: 1 # \u2029\nb: 2\n"
    ),
    "U+0085 in a literal": "l:\n  - p: |\n      a\u0085      b\u2028      c\n  - q: 1\nb: 2\n",
    "a no-break space": "a: \u00a0x\nl:\n  - x: '\u00a0'\n",
    "a very long line": f"l:\n  - p: '{_LONG}'\n    q: 1\n  - r: 1\nb: {_LONG}\n",
    "a very long escaped line": f'l:\n  - p: "{_LONG_ESCAPED}"\nb: [1]\n',
    "emoji and combining letters": (
        "\u00e9: e\u0301\nl:\n  - \U0001f469\u200d\U0001f680: \u05d0 # \u0627\n"
    ),
    "one column": "a:\n b:\n  - c: 1\n  - d:\n     e: 1\n f: 2\n",
    "eight columns": (
        "a:\n        l:\n                -       x: 1\n                        y: 2\nb: 1\n"
    ),
    "each level its own width": "a:\n b:\n     c:\n       - x: 1\n         l:\n            - y\n",
    "lists in lists": "l:\n  - - a\n    - b\n  -\n    - c\n  - - - d\nb: 1\n",
    "lists in flow in lists": "l:\n  - [a, [b, {c: []}]]\n  - {d: [1], e: {}}\n",
    "flow over lines": "l: [\n    {a: 1},   # one\n    {b: 2}\n  ]\nm: {a: 1,\n  b: [2]}\nz: 1\n",
    "flow with a last comma": "l: [a, b, ]\nm: {a: 1, }\nn: [\n  a,\n]\n",
    "flow keys without values": "m: {a, b: }\nn: [a: b, ? c : d]\n",
    "JSON": '{"a": [], "l": [{"x": 1}, {"y": [null]}], "n": null}\n',
    "JSON over lines": '{\n  "a": [],\n  "l": [\n    {"x": 1}\n  ]\n}\n',
    "keys in quotes": "\"l\":\n  - 'x': 1\n    \"y\": 2\n'b': 1\n",
    "keys that are not texts": "2: a\ntrue: b\n2.5: c\nnull: d\nl:\n  - 3: 4\n",
    "colons and hashes in values": "a: http://x/#y\nl:\n  - x: a:b#c\n  - y: '# no'\nb: \"x: #\"\n",
    "dashes in values": "a: '-'\nl:\n  - -1\n  - --- x\n  - a - b\nb: -x\n",
    "a literal that looks like a list": (
        "l:\n  - p: |\n      - x: 1\n      l:\n        - y\n  - q: 1\nb: 2\n"
    ),
    "a literal behind a list": "l:\n  - x: 1\np: |\n  text\n\n  # no comment\n# comment\n",
    "a folded text in an item": (
        "l:\n  - x: >-\n      a\n\n      b\n    y: >+\n      c\n\n\n  # d\n"
    ),
    "literals of every kind": (
        "a: |\n x\n\nb: |-\n x\n\nc: |+\n x\n\nd: >\n x\n\ne: >-\n x\n\nf: >+\n"
        " x\n\ng: |2\n   x\nh: |-1\n  x\n"
    ),
    "plain texts over lines": (
        "l:\n  - x: one\n      two\n\n      three\n    y: z\n  - four\n    five\n"
    ),
    "quotes over lines": "l:\n  - x: 'one\n\n      two'\n    y: \"a\\\n      b\"\n  - z\n",
    "comments at every column": (
        "l: # 0\n# 1\n  # 2\n  - x: 1 # 3\n    # 4\n      # 5\n  # 6\n# 7\nb: 1\n#8"
    ),
    "commented-out entries": "l:\n  - x: 1\n#  - x: 2\n  #- x: 3\nb: 1\n",
    "only the last entry is there": "l:\n  # - x: 0\n  - x: 1\n",
    "tags": "!!map\na: !!str 1\nl: !!seq\n  - !!map {x: !!int 1}\n  - !!map\n    y: !!null ~\n",
    "an anchor on each thing": "&r\na: &a 1\nl: &l\n  - &m\n    x: &x 1\n  - &n {y: 1}\nb: &b {}\n",
    "aliases of what is elsewhere": "a: &a [1]\nb: *a\nl:\n  - x: *a\n  - y: 1\nc: {d: *a}\n",
    "merge keys are only keys": "a: &a {x: 1}\nl:\n  - <<: *a\n    y: 2\nb: 1\n",
    "a comment ahead of the marker": "# c\n---\n# d\na: 1\nl:\n- x: 1\n# e\n...\n# f\n",
    "an end without a begin": "a: 1\nl:\n  - x: 1\n...\n",
    "a begin and no end": "---\na: 1\nl:\n- x: 1",
    "a begin, CRLF and a BOM": "\ufeff---\r\na: 1\r\nl:\r\n- x: 1\r\n...\r\n",
    "directives": "%YAML 1.2\n%TAG ! tag:x,2000:\n---\na: 1\nl:\n  - x: 1\n",
    "a whole document in flow": "--- {a: 1, l: [x]}\n...\n",
    "indented top": "  a: 1\n  l:\n    - x: 1\n  # c\n  b: 1\n",
    "explicit keys and values": "? a\n: - x\n  - y\n? l\n:\n  - z: 1\n? b\n: c: 1\n",
    "nothing in each place": "a:\nl:\n  -\n  - x:\n  - ~\nb: []\nc: {}\nd: null\ne: ''\n",
    "nothing, with comments": "l: # here\n  # c\nb: [] # there\nc: ~ # d\n",
    "a list of nothing at the end": "a: 1\nl:\n  - x: 1\n  -",
}

# What nothing can be entered into, and what is said.
REFUSED: Final[dict[str, tuple[str, str]]] = {
    "two documents": ("a: 1\n---\nb: 2\n", "another document"),
    "two documents by an end": ("a: 1\n...\n---\nb: 2\n", "another document"),
    "an empty second document": ("a: 1\n---\n", "another document"),
    "a key twice": ("a: 1\nl:\n  - x: 1\n    x: 2\n", "duplicate key 'x'"),
    "a list's key twice": ("image_inventory: []\na: 1\nimage_inventory: []\n", "duplicate key"),
    "a key twice, quoted once": ("a: 1\n'a': 2\n", "duplicate key 'a'"),
    "a tab for indentation": ("l:\n\t- x: 1\n", "cannot start any token"),
    "a NUL": ("a: 1\0\n", "U+0000"),
    "a second BOM": ("\ufeff\ufeffa: 1\n", "byte order mark"),
    "an alias of nothing": ("a: *b\n", "undefined alias"),
    "an alias inside of its own": ("a: &x [*x]\n", "alias"),
    "an open bracket": ("a: [1\nl: 2\n", "did not find expected"),
    "a list at the top": ("- a: 1\n", "not a mapping"),
    "a word at the top": ("hello\n", "not a mapping"),
}
