"""``python -m benchmarks [TOPIC ...]``: measure, print the table, keep the figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.rows import TOPICS
from benchmarks.stories import CACHE


def main() -> int:
    """Measure the topics that were asked for; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=CACHE / "results.json")
    choices = parser.parse_args()
    if unknown := set(choices.topics) - set(TOPICS):
        parser.error(f"no such topic: {', '.join(sorted(unknown))}")
    rows = []
    for topic in choices.topics or TOPICS:
        for row in TOPICS[topic](choices.rounds):
            rows.append(row)
            sign = ">=" if row.at_least else "<="
            spread = f"{min(row.figures):.3f} to {max(row.figures):.3f}"
            verdict = "holds" if row.holds else "MISSED"
            peak = ", ".join(f"{name} {mb:,.0f} MB" for name, mb in row.peak_mb.items())
            line = f"{row.figure:8.3f}  {sign} {row.bar:<5g} {verdict:6}  ({spread})  {row.what}"
            sys.stdout.write(f"{line}{f'; peak {peak}' if peak else ''}\n")
            sys.stdout.flush()
    choices.json.parent.mkdir(parents=True, exist_ok=True)
    choices.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n", "utf-8")
    sys.stdout.write(f"figures: {choices.json}\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
