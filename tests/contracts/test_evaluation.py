"""Files of test cases in the tools that run them: promptfoo with echoes for models, and DSPy."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, DatasetVersion
from tests import make
from tests.contracts.conftest import run, written

pytestmark = [pytest.mark.contracts, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(900)]
SECRET = "zqsecret"
HOSTILE = [
    "{{env.OUR_SECRET}}", "{% raw %}{{env.OUR_SECRET}}{% endraw %}", "{% endraw %}{{ env.OUR_SECRET }}", "{# gone #}",
    "a #} b", "{{{%{#", "file:///etc/passwd", "package:x:y", 'He said: "no",\n\\n', "<b>&amp;</b>",
]  # fmt: skip

DSPY = """
import json, sys
import dspy
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
examples = [dspy.Example(**row).with_inputs("question") for row in rows]
known = {example.question: example.answer for example in examples}
class Known(dspy.Module):
    def forward(self, question):
        return dspy.Prediction(answer=known[question])
def same(example, found, trace=None):
    return float(example.answer == found.answer)
told = dspy.Evaluate(devset=examples, metric=same, num_threads=1, display_progress=False)(Known())
print(json.dumps({"rows": [example.toDict() for example in examples], "score": told.score,
                  "inputs": [example.inputs().toDict() for example in examples]}))
"""


def test_dspy_takes_every_record(version: DatasetVersion, tmp_path: Path) -> None:
    export, path = written(version, tmp_path, "dspy", "jsonl")
    found = run("-c", DSPY, path, folder=tmp_path)
    assert found["rows"] == [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert found["inputs"] == [{"question": row["question"]} for row in found["rows"]]
    assert (len(found["rows"]), found["score"]) == (export.n_rows, 100.0)
    assert export.n_rows >= 3


def judged(project: Project, texts: list[str]) -> DatasetVersion:
    """A passed answer for each text, which says it, to a prompt with a question and a list of words."""
    rubric = make.rubric_version(project)
    for number, text in enumerate(texts):
        variables = {"question": f"Question {number}?", "words": ["one", "two"], "deep": {"text": text}}
        subject = make.subject(make.response(project, text, body={"variables": variables}))
        make.verdict(subject, rubric, [make.review(subject, rubric, make.member(project), make.ANSWERS)])
    dataset = Dataset.objects.create(project=project, key="tests", name="Tests", shares={"train": 1.0})
    version = dataset.build()
    jobs.run(DatasetVersion, version.pk)
    version.refresh_from_db()
    return version


def evaluated(path: Path, folder: Path) -> list[dict[str, Any]]:
    """What promptfoo makes of the tests: the model and the grader say what they are asked, and nothing is sent."""
    grader = '{"pass": true, "score": 1, "reason": "{{ rubric | urlencode }}"}'
    config = {
        "prompts": ["Answer: {{question}} Words: {{words | dump}} Deep: {{deep | dump}}"], "providers": ["echo"],
        "defaultTest": {"options": {"provider": "echo", "rubricPrompt": grader}}, "tests": f"file://{path.name}",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    quiet = ("TELEMETRY", "UPDATE", "REMOTE_GENERATION", "SHARING")
    environment = {
        **{f"PROMPTFOO_DISABLE_{name}": "1" for name in quiet}, "PROMPTFOO_CONFIG_DIR": str(folder / "promptfoo"),
        "PATH": os.environ["PATH"], "HOME": str(folder), "OUR_SECRET": SECRET,
        "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    program = Path(os.environ["CONTRACTS_PYTHON"]).parents[1] / "node/node_modules/.bin/promptfoo"
    words = [
        "eval",
        "-c",
        "config.json",
        "-o",
        "out.json",
        "--no-cache",
        "--no-write",
        "--no-table",
        "--no-progress-bar",
    ]
    done = subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads((folder / "out.json").read_text())["results"]["results"]
    return found


def test_promptfoo_runs_every_test_and_nothing_else(project: Project, tmp_path: Path) -> None:
    numbers = random.Random(7)
    texts = HOSTILE + ["".join(numbers.choices("{%#}' a\\\n", k=12)).strip() + "." for _ in range(40)]
    export, path = written(judged(project, texts), tmp_path, "promptfoo", "jsonl")
    found = {row["vars"]["question"]: row for row in evaluated(path, tmp_path)}
    assert len(found) == export.n_rows == len(texts)
    for number, text in enumerate(texts):
        row = found[f"Question {number}?"]
        deep = json.dumps({"text": text}, separators=(",", ":"), ensure_ascii=False)
        assert row["response"]["output"] == f'Answer: Question {number}? Words: ["one","two"] Deep: {deep}'
        (graded,) = row["gradingResult"]["componentResults"]
        assert unquote(graded["reason"]).endswith(f"contradicts it: {text}")
        assert row["success"]
    assert SECRET not in (tmp_path / "out.json").read_text()
