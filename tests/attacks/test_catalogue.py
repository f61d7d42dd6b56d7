"""docs/explanation/attacks.md names tests that exist, and every file of this folder has its place there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.shape.tree import functions, our_files, refuse, text, under

PAGE = Path("docs/explanation/attacks.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PUBLISHED = re.compile(r"CVE-\d{4}-\d{4,6}|GHSA(?:-\w{4}){3}")


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall(text(PAGE))
    assert len(named) > 60
    there = {path for path in our_files() if path.suffix == ".py"}
    missing = [
        f"{path}::{name}"
        for path, name in named
        if Path(path) not in there or name not in {function.name for function in functions(Path(path))}
    ]
    refuse(missing, "These attacks have no test any more:")


def test_every_row_of_the_page_has_a_test() -> None:
    rows = [
        line
        for line in text(PAGE).splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| published", "| class |"))
    ]
    assert len(rows) > 35
    refuse(
        [row[:80] for row in rows if not NAMED.search(row)],
        "Name the test of each row, or say below the table why there is none.",
    )


def test_every_file_of_attacks_is_on_the_page() -> None:
    named = {path for path, _ in NAMED.findall(text(PAGE))}
    files = [
        str(path)
        for path in under("tests", suffix=".py")
        if path.parent == Path("tests/attacks") and path.stem.startswith("test_")
    ]
    refuse(
        [path for path in files if path not in named and not path.endswith("test_catalogue.py")],
        "Say on the page what these attack:",
    )


def test_each_weakness_is_listed_once() -> None:
    found = PUBLISHED.findall(text(PAGE))
    assert len(found) > 45
    refuse([one for one in set(found) if found.count(one) > 1], "One row each:")
