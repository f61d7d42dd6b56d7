"""docs/explanation/faults.md names a test for every fault; each of them must exist."""

import ast
import re
from pathlib import Path

from tests.shape.tree import ROOT, refuse, text, tree

TABLE = Path("docs/explanation/faults.md")
FAULTS = [1, 2, 3, 4, 5, 6, 7, 8, 10, *range(12, 23), *range(24, 32), 33]


def named() -> list[tuple[Path, str]]:
    found = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text(TABLE))
    return [(Path(path), name) for path, name in found]


def functions_of(path: Path) -> set[str]:
    if not (ROOT / path).is_file():
        return set()
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_table_of_faults_names_exists() -> None:
    assert len(named()) > 40
    missing = [f"{path}::{name}" for path, name in named() if name not in functions_of(path)]
    refuse(missing, f"{TABLE} names these tests, which do not exist:")


def test_every_fault_has_a_row_with_a_test() -> None:
    rows = dict(re.findall(r"^\| F(\d+) (.*)$", text(TABLE), re.M))
    without = [
        f"F{number}" for number in FAULTS if "tests/" not in rows.get(str(number), "").replace("the same", "tests/")
    ]
    refuse(without, f"{TABLE} has no row with a test for these faults:")
