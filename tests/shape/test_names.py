"""File names that mean something, rooms that stand on a floor, tests that mirror the code."""

import tomllib
from pathlib import Path

from tests.shape.tree import HOUSES, ROOT, our_files, refuse, text, under

MEANINGLESS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "core",
    "misc",
    "services",
    "service",
    "selectors",
    "managers",
}
# The composition root names rooms as strings and stands above every floor.
ROOT_MODULES = {
    f"feedback.{name}"
    for name in ("settings", "api_settings", "sweeps", "urls", "api_urls", "celery", "wsgi", "asgi", "management")
}


def test_no_file_or_folder_has_a_name_that_could_hold_anything() -> None:
    ours = [path for path in our_files() if "vendor" not in path.parts]
    found = [str(path) for path in ours if MEANINGLESS.intersection(part.split(".")[0].lower() for part in path.parts)]
    refuse(found, "Name the file after its subject or its process.")


def test_every_room_and_module_stands_on_a_floor() -> None:
    contracts = tomllib.loads(text(Path("pyproject.toml")))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    floors = {name.strip(" ()") for layer in layers for part in layer.split("|") for name in part.split(":")}
    modules = {
        ".".join(path.with_suffix("").parts[:2])
        for path in under(*HOUSES, suffix=".py")
        if len(path.parts) > 1 and path.name != "__init__.py"
    }
    refuse(sorted(modules - floors - ROOT_MODULES), "Give these a floor in the layers contract of pyproject.toml.")


def test_tests_lie_where_their_code_lies() -> None:
    rooms = {path.parts[:2] for path in under(*HOUSES, suffix=".py")}
    tests = [path for path in under("tests", suffix=".py") if path.parts[1] in HOUSES and len(path.parts) > 3]
    found = [str(path) for path in tests if path.parts[1:3] not in rooms]
    refuse(found, "Test paths mirror the code: tests/<house>/<room>/test_<page or process>.py.")


def test_test_folders_are_not_packages() -> None:
    found = [str(path) for path in under("tests", suffix=".py") if path.name == "__init__.py"]
    refuse(found, "pytest runs in importlib mode: delete these.")


def test_a_room_has_the_files_that_find_it() -> None:
    rooms = {path.parent for path in under(*HOUSES, suffix=".py") if path.name == "models.py"}
    found = [f"{room} has no apps.py" for room in rooms if not (ROOT / room / "apps.py").exists()]
    refuse(found, "A room with models is a Django app: add apps.py with its full name and label.")
