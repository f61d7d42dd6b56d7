"""What is published: the wheel holds the typed package and nothing else, and its README runs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import touchstone_client
from touchstone_client import Touchstone

HOME = Path(__file__).resolve().parents[3] / "clients/python"
ABOUT: dict[str, Any] = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]


def test_it_needs_nothing_but_httpx2_and_the_standard_library() -> None:
    assert [re.split("[>=<]", one)[0] for one in ABOUT["dependencies"]] == ["httpx2"]
    sources = "".join(path.read_text() for path in HOME.glob("src/touchstone_client/*.py"))
    found = {name.split(".")[0] for name in re.findall(r"^(?:from|import) ([\w.]+)", sources, re.M)}
    assert found - set(sys.stdlib_module_names) == {"httpx2", "touchstone_client"}


def test_its_version_and_types_are_told() -> None:
    assert touchstone_client.__version__ == ABOUT["version"]
    assert (HOME / "src/touchstone_client/py.typed").exists()
    assert all(hasattr(touchstone_client, name) for name in touchstone_client.__all__)


def test_every_example_of_the_readme_compiles_and_names_what_there_is() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (HOME / "README.md").read_text(), re.M | re.S)
    assert len(blocks) >= 4
    for block in blocks:
        compile(block, "README.md", "exec")
        for name in re.findall(r"\btouchstone\.(\w+)\(", block):
            assert hasattr(Touchstone, name), name


def test_the_wheel_holds_the_package_and_its_marker(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "touchstone_client/py.typed" in names
    assert {name.split("/")[0] for name in names} == {
        "touchstone_client",
        f"touchstone_client-{ABOUT['version']}.dist-info",
    }
