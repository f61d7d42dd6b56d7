"""Single answers, each good or bad (KTO): `prompt`, `completion`, and `label`, which is a boolean.

Labels come from absolute judgements, what a rubric passes or fails; pairs split in two would call the better of two bad
answers good. What is judged twice is written once, and not at all when one says good and the other bad. KTOTrainer
reads in the order of the file and sets each prompt against its neighbour's answer, so that answers to one prompt are
kept apart. The manifest counts both labels: `desirable_weight` x good should be 1 to 4/3 times `undesirable_weight` x
bad.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from feedback.among import Among
from feedback.datasets.models import DatasetVersion, VersionRow
from feedback.datasets.shapes import cases
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import BOOL, NAMED_MESSAGE, Columns
from feedback.judgements.models import Verdict

SCHEMA = "touchstone.kto/1"
TALLIED = "label"
facts = cases.facts


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, tuple[Case, dict[int, str]]]]:
    """Each with all that is said of the same answer in the version: outcomes by verdict."""
    for batch in cases.apart(version, split, after, limit, facts):
        said = outcomes(version, [case["verdict"] for _, case in batch])
        yield from ((place, (case, said[case["verdict"]])) for place, case in batch)


def outcomes(version: DatasetVersion, verdicts: list[int]) -> dict[int, dict[int, str]]:
    subjects = dict(Verdict.objects.filter(Among("pk", verdicts)).values_list("pk", "subject_id"))
    kin = dict(Verdict.objects.filter(Among("subject_id", set(subjects.values()))).values_list("pk", "subject_id"))
    held = version.rows.filter(Among("key", map(str, kin)), kind=VersionRow.Kind.CASE)
    said: dict[int, dict[int, str]] = defaultdict(dict)
    for key, outcome in held.values_list("key", "data__outcome"):
        said[kin[int(key)]][int(key)] = outcome
    return {pk: said[subject] for pk, subject in subjects.items()}


def record(judged: tuple[Case, dict[int, str]], facts: dict[str, Any]) -> dict[str, Any] | str:
    case, said = judged
    if reason := cases.refused(case, facts):
        return reason
    if len(set(said.values())) > 1:
        return "contradicted"
    if case["verdict"] != min(said):
        return "repeated"
    return {
        "prompt": cases.prompt_of(case),
        "completion": [{"role": "assistant", "content": case["output"]}],
        "label": case["outcome"] == "passed",
        **cases.origin(case),
    }


def columns(facts: dict[str, Any]) -> Columns:
    return {**dict.fromkeys(("prompt", "completion"), [NAMED_MESSAGE]), "label": BOOL, **cases.columns()}
