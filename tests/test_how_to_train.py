"""docs/how-to/train-elsewhere.md: what people copy can be read, and names what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from feedback.datasets.models import Export

PAGE = (Path(__file__).parents[1] / "docs/how-to/train-elsewhere.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "python"])
def test_the_python_compiles_and_asks_for_shapes_that_exist(code: str) -> None:
    compile(code, "train-elsewhere.md", "exec")
    for shape in re.findall(r'shape="(\w+)"', code):
        assert shape in Export.Shape.values


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "yaml"])
def test_the_settings_can_be_read(code: str) -> None:
    assert isinstance(yaml.safe_load(code), dict)


def test_there_is_something_to_copy() -> None:
    assert {kind for kind, _ in BLOCKS} == {"python", "yaml"}
    for shape in re.findall(r"[Ss]hapes? `(\w+)`", PAGE):
        assert shape in Export.Shape.values
