"""Our preference file loads with Hugging Face datasets and trains with TRL, every row of it, without a conversion."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from feedback.accounts.models import Project
from tests import make
from tests.contracts.conftest import called, downloaded, preferred, run, tool

pytestmark = [pytest.mark.contracts, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(600)]
SCRIPT = Path("docs/how-to/train_dpo.py")

LOAD = """
import json, sys
from datasets import load_dataset
rows = load_dataset("json", data_files=sys.argv[1], split="train")
print(json.dumps({"columns": rows.column_names, "rows": [dict(row) for row in rows]}))
"""


def train(path: Path, folder: Path, n: int) -> dict[str, Any]:
    """One step, with every row kept and a finite loss."""
    words = ("--tiny", "--steps", "1", "--max-length", "2048", "--output", folder / "out")
    result: dict[str, Any] = run(SCRIPT.resolve(), path, *words, folder=folder)
    assert (result["rows_read"], result["rows_trained_on"], result["steps"]) == (n, n, 1)
    assert math.isfinite(result["loss"])
    assert result["loss"] == pytest.approx(math.log(2), abs=0.01)  # an untrained policy prefers nothing
    return result


def test_pairs_train_as_they_are(project: Project, tmp_path: Path) -> None:
    for n in range(6):
        system = [{"role": "system" if n % 2 else "developer", "content": "Be brief."}] if n < 4 else []
        messages = [*system, {"role": "user", "content": f"How long for claim {n}? 🧳\u2028"}]
        preferred(project, f"{10 + n} days.", "Éh, no idea.", messages=messages)
    path = downloaded(project, tmp_path)
    loaded = run("-c", LOAD, path, folder=tmp_path)
    assert [row["prompt"][-1]["role"] for row in loaded["rows"]] == ["user"] * 6
    assert {message["role"] for row in loaded["rows"] for message in row["prompt"]} == {"system", "user"}
    train(path, tmp_path, 6)


def test_pairs_with_tools_train_as_they_are(project: Project, tmp_path: Path) -> None:
    find = {"tools": [tool("find", words={"type": "string"})]}
    light = {"tools": [tool("light", on={"type": "boolean"}, rooms={"type": "array", "items": {"type": "string"}})]}
    preferred(project, "Found it.", "No.", messages=called("find", {"words": "claim"}), body=find)
    preferred(project, "It is on.", "No.", messages=called("light", {"on": True, "rooms": ["hall"]}), body=light)
    preferred(project, "Ten days.", "No.", body={"tools": [], "tool_calls": []})
    path = downloaded(project, tmp_path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(row["tools"] is None for row in rows) == [False, False, True]
    train(path, tmp_path, 3)


def test_an_answer_may_be_a_tool_call(project: Project, tmp_path: Path) -> None:
    tools = [tool("find", words={"type": "string"})]
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"words": "claim"}'}}
    version = make.rubric_version(project, subject_size=2)
    good = make.response(project, "", question="Find it", body={"tools": tools, "tool_calls": [call]})
    bad = make.response(project, "I cannot.", question="Find it", body={"tools": tools})
    subject = make.subject(good, bad)
    answers = {"better": {"outcome": "preferred", "preferred": good.pk, "strength": 1}}
    make.verdict(subject, version, [make.review(subject, version, make.member(project), answers)])
    preferred(project, "Ten days.", "No.")
    train(downloaded(project, tmp_path), tmp_path, 2)


IN_SMALL_PARTS = LOAD.replace('split="train"', 'split="train", chunksize=1024')


def test_a_first_tool_call_late_in_a_long_file_does_not_break_it(project: Project, tmp_path: Path) -> None:
    """Types are guessed from the first part of a file, ten megabytes in earnest and one kilobyte here."""
    for n in range(12):
        preferred(project, f"{n} days.", "No.", question=f"How long for claim {n}?")
    for n in range(2):
        preferred(project, f"Found {n}.", "No.", messages=called("find", {"words": n}), body={"tools": [tool("find")]})
    loaded = run("-c", IN_SMALL_PARTS, downloaded(project, tmp_path), folder=tmp_path)
    calls = [m["tool_calls"][0]["function"] for row in loaded["rows"] for m in row["prompt"] if m.get("tool_calls")]
    assert sorted(call["arguments"]["words"] for call in calls) == [0, 1]
    assert len(loaded["rows"]) == 14


@pytest.mark.parametrize("shape", ["votes", "revision", "promptfoo"])
def test_the_other_files_load_too(project: Project, tmp_path: Path, shape: str) -> None:
    preferred(project, "Ten days.", "No.")
    version = make.rubric_version(project)
    for n, points in enumerate((1, 5)):
        response = make.response(project, f"Answer {n}", passages=["Within ten days."])
        subject = make.subject(response)
        review = make.review(subject, version, make.member(project), {"grounded": "yes", "helpful": points})
        make.verdict(subject, version, [review])
    loaded = run("-c", LOAD, downloaded(project, tmp_path, shape), folder=tmp_path)
    assert len(loaded["rows"]) == (1 if shape == "votes" else 2)
