"""What the benchmarks found, as one table: each script adds lines, `make bench` writes bench/RESULTS.md from them.

    python bench/table.py     (write RESULTS.md from the lines under BENCH_DIR)

A figure means little on a noisy machine; a ratio to a baseline that was taken in the same run means much. So each line
has both, and the aim where DESIGN names one.

With BENCH_SMALL=1 every script takes small sizes: that shows that it still runs, and its figures are not kept.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL = bool(os.environ.get("BENCH_SMALL"))
FOLDER = Path(os.environ.get("BENCH_DIR", ROOT / "var" / "bench"))
RESULTS = ROOT / "bench" / "RESULTS.md"
HEAD = """# Results

Written by `make bench`; do not edit. Each part says when it was taken, and of which commit.
A ratio compares with the baseline named beside it, taken in the same run.

"""


@dataclass(frozen=True)
class Line:
    """One finding: what was measured, the figure with its unit, and its ratio to a baseline of the same run."""

    what: str
    figure: str
    baseline: str = ""  # what it is compared with, and its own figure: "bare Django view, 812 /s"
    ratio: float | None = None
    aim: str = ""  # "≥ 0.5", "≤ 150 ms"


@dataclass(frozen=True)
class Size:
    """An option of a script: its value for the table, and for a run that only shows that all works."""

    full: int | str | list[int]
    small: int | str | list[int]
    help: str = ""


def asked(doc: str | None, **sizes: Size) -> argparse.Namespace:
    """What a benchmark was asked for. Each of them measures PostgreSQL."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, size in sizes.items():
        kind, many = (int, "+") if isinstance(size.full, list) else (type(size.full), None)
        default = size.small if SMALL else size.full
        parser.add_argument(f"--{name}", type=kind, nargs=many, default=default, help=size.help or None)
    found = parser.parse_args()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        sys.exit(f"This benchmark needs PostgreSQL: make bench BENCH={Path(sys.argv[0]).stem}")
    return found


def add(part: str, title: str, lines: list[Line]) -> None:
    """Print the lines, and keep them for RESULTS.md; the same part again replaces what it said before."""
    told = section(part, title, lines)
    if not SMALL:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{part}.md").write_text(told)
    print(told, flush=True)


def section(part: str, title: str, lines: list[Line]) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    when, python = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), platform.python_version()
    about = f"`{part}`, {when}, commit {commit.strip() or 'unknown'}, {os.cpu_count()} cores, Python {python}."
    rows = [
        f"## {title}",
        "",
        about,
        "",
        "| what | figure | compared with | ratio | aim |",
        "| --- | ---: | --- | ---: | --- |",
    ]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        rows.append(f"| {line.what} | {line.figure} | {line.baseline} | {ratio} | {line.aim} |")
    return "\n".join([*rows, ""])


def parts_of(results: str) -> dict[str, str]:
    """Its sections by the script that wrote them."""
    sections = re.split(r"^(?=## )", results, flags=re.MULTILINE)[1:]
    return {found[1]: one.rstrip() + "\n" for one in sections if (found := re.search(r"^`(\w+)`, ", one, re.MULTILINE))}


def write() -> None:
    """What ran is new; what did not run stays as it was."""
    if SMALL:
        print("All ran. Small sizes tell nothing: RESULTS.md is as it was.")
        return
    found = {path.stem: path.read_text() for path in FOLDER.glob("*.md")}
    parts = parts_of(RESULTS.read_text() if RESULTS.exists() else "") | found
    RESULTS.write_text(HEAD + "\n".join(parts[part] for part in sorted(parts)))
    print(f"Wrote {RESULTS.relative_to(ROOT)}: {', '.join(sorted(found)) or 'nothing'} anew.")


if __name__ == "__main__":
    write()
