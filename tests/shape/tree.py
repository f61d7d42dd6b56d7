"""The tree that the shape tests look at: our files, parsed once."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSES = ("feedback", "reviews")


@functools.cache
def our_files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed; relative to the root. Without git: every file of our folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        folders = (*HOUSES, "templates", "static", "tests", "docs", "bench", ".ci")
        listed = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
        listed += [path.name for path in ROOT.iterdir() if not path.name.startswith(".")]
    return tuple(sorted({Path(name) for name in listed if name and (ROOT / name).is_file() and ".pyc" not in name}))


def under(*folders: str, suffix: str) -> list[Path]:
    """Our files of one kind below the folders, without migrations and vendored files."""
    exempt = {"migrations", "vendor"}
    return [
        path
        for path in our_files()
        if path.parts[0] in folders and path.suffix == suffix and not exempt.intersection(path.parts)
    ]


def python_files() -> list[Path]:
    return [*under(*HOUSES, "tests", "bench", ".ci", suffix=".py"), Path("manage.py")]


def product_files() -> list[Path]:
    return under(*HOUSES, suffix=".py")


def view_files() -> list[Path]:
    return [path for path in product_files() if path.name == "views.py" or path.name.endswith("_views.py")]


def templates() -> list[Path]:
    """Every HTML file that Django renders, wherever it lies."""
    return [path for path in our_files() if path.suffix == ".html" and not {"vendor", "docs"}.intersection(path.parts)]


def scripts() -> list[Path]:
    return under("static", suffix=".js")


@functools.cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), str(path))


def lines(path: Path) -> int:
    return len(text(path).splitlines())


@dataclass(frozen=True)
class Function:
    path: Path
    name: str
    line: int
    lines: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.name} has {self.lines} lines"


def functions(path: Path) -> Iterator[Function]:
    """Every function of the file, nested ones on their own too; decorators are not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1)


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def name_of(node: ast.AST) -> str:
    """The last word of a dotted name: `json.dumps` and `dumps` are both `dumps`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything the file imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def refuse(offences: list[str], advice: str) -> None:
    """Fail with every offence on its own line, and what to do about them."""
    assert not offences, "\n".join([advice, *sorted(offences)])
