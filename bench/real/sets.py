"""Public sets in which several people labelled each item, as what the product takes: answers, questions and labels.

Each keeps its people, their repeated labels and the order of the file. What it is: the README beside the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Read = Callable[[str], list[Row]]  # the rows of a file by its name

CHOICES: Row = {"options": {"choices": [{"value": str(n), "label": f"Class {n}"} for n in (1, 2, 3, 4)]}}
MARKS = {"key": "marks", "kind": "spans", "label": "Mark every error", "fails_when": {"any": True}}
BETTER = {"key": "better", "kind": "comparison", "label": "Which answer is better?", "options": {"strengths": 1}}


@dataclass(frozen=True)
class Set:
    """One set: its files, the questions as they were asked, how many labels of an item come first in a replay."""

    name: str
    files: tuple[str, ...]
    criteria: list[Row]
    first: int
    responses: Callable[[Read], list[Row]]
    labels: Callable[[Read], list[Row]]  # in the order of the file

    def waves(self, read: Read) -> list[list[Row]]:
        """The first labels of each item, and those after them."""
        seen: Counter[tuple[str, ...]] = Counter()
        found: list[list[Row]] = [[], []]
        for row in self.labels(read):
            item = tuple(sorted(row["responses"]))
            found[seen[item] >= self.first].append(row)
            seen[item] += 1
        return found

    def label(self, number: int, rater: Any, responses: Sequence[str], answers: Row) -> Row:
        return {
            "source": self.name, "external_id": f"label-{number}", "reviewer": str(rater), "queue": self.name,
            "responses": list(responses), "answers": answers,
        }  # fmt: skip


def response(external_id: str, asked: str, output: str, **more: Any) -> Row:
    messages = [{"role": "user", "content": asked}]
    return {"external_id": external_id, "messages": messages, "output": output, "origin": "import", **more}


def preferred(side: str | None) -> Row:
    """Of the response at this side, or a tie."""
    said = {"outcome": "preferred", "preferred": side, "strength": 1} if side else {"outcome": "tie"}
    return {"better": said}


def llmfao_responses(read: Read) -> list[Row]:
    """In the order of their names, in which a pair then has its two."""
    found = [
        response(f"{row['prompt_id']}-{row['model_id']}", row["prompt"], row["response"], model=row["model"])
        for row in read("llmfao_responses.jsonl")
    ]
    return sorted(found, key=lambda row: str(row["external_id"]))


def llmfao_labels(read: Read) -> list[Row]:
    return [
        LLMFAO.label(
            number,
            row["rater_id"],
            [f"{row['prompt_id']}-{row[name]}" for name in ("model_x", "model_y")],
            preferred(None if row["winner"] == "tie" else row["winner"]),
        )
        for number, row in enumerate(read("llmfao_votes.csv"))
    ]


def pandalm_responses(read: Read) -> list[Row]:
    return [
        response(
            f"{row['pair_id']}-{side}", f"{row['instruction']}\n{row['input']}".strip(), row[f"response_{side}"],
            model=row[f"model_{side}"], input_key=f"pair-{row['pair_id']}",
        )
        for row in read("pandalm_pairs.jsonl") for side in (1, 2)
    ]  # fmt: skip


def pandalm_labels(read: Read) -> list[Row]:
    sides = {0: None, 1: "left", 2: "right"}
    said = [(row, person) for row in read("pandalm_pairs.jsonl") for person in (1, 2, 3)]
    return [
        PANDALM.label(
            number,
            person,
            [f"{row['pair_id']}-{side}" for side in (1, 2)],
            preferred(sides[int(row[f"annotator{person}"])]),
        )
        for number, (row, person) in enumerate(said)
    ]


def convabuse_responses(read: Read) -> list[Row]:
    """The set leaves the abusive texts out: what was judged stands here by its name alone."""
    items = dict.fromkeys(row["item_id"] for row in read("convabuse_labels.csv"))
    return [response(item, f"Turn {item}", "(The text was left out of the set.)") for item in items]


def convabuse_labels(read: Read) -> list[Row]:
    return [
        CONVABUSE.label(
            number,
            row["rater_id"],
            [row["item_id"]],
            {"severity": int(row["severity"]), "abusive": "yes" if int(row["severity"]) < 0 else "no"},
        )
        for number, row in enumerate(read("convabuse_labels.csv"))
    ]


def dawid_skene_responses(read: Read) -> list[Row]:
    patients = dict.fromkeys(row["patient"] for row in read("dawid_skene_1979.csv"))
    return [response(patient, f"Patient {patient}", f"Record of patient {patient}.") for patient in patients]


def dawid_skene_labels(read: Read) -> list[Row]:
    return [
        DAWID_SKENE.label(number, row["observer"], [row["patient"]], {"class": row["rating"]})
        for number, row in enumerate(read("dawid_skene_1979.csv"))
    ]


def xsum_responses(read: Read) -> list[Row]:
    return [
        response(f"{row['doc_id']}-{row['system']}", f"Summarise article {row['doc_id']}.", row["response"])
        for row in read("xsum_spans.jsonl")
    ]


def xsum_labels(read: Read) -> list[Row]:
    """Its raters are places, not three people; what they say of each other is agreement all the same."""
    said = [(row, place, row["spans"][place]) for row in read("xsum_spans.jsonl") for place in sorted(row["spans"])]
    return [
        XSUM.label(number, place, [f"{row['doc_id']}-{row['system']}"], xsum_answers(row, place, marks))
        for number, (row, place, marks) in enumerate(said)
    ]


def xsum_answers(row: Row, place: str, marks: list[Any]) -> Row:
    found = [
        {"start": start, "end": end, "quote": row["response"][start:end], "kind": kind} for start, end, kind in marks
    ]
    factual = row["factual"].get(place)
    return {"marks": found} | ({} if factual is None else {"factual": "yes" if factual else "no"})


def mqm_responses(read: Read) -> list[Row]:
    return [
        response(row["item_id"], f"Translate into English:\n{row['source']}", row["response"], model=row["model"])
        for row in read("mqm_zhen.jsonl")
    ]


def mqm_labels(read: Read) -> list[Row]:
    """Marks in the translation; those in its source are told by `make real WHAT=mqm`."""
    said = [(row, one) for row in read("mqm_zhen.jsonl") for one in row["annotations"]]
    return [
        MQM.label(number, one["rater_id"], [row["item_id"]], {"marks": mqm_marks(row, one["spans"])})
        for number, (row, one) in enumerate(said)
    ]


def mqm_marks(row: Row, marks: list[Row]) -> list[Row]:
    return [
        {
            "start": mark["start"], "end": mark["end"], "quote": row["response"][mark["start"] : mark["end"]],
            "kind": "error", "severity": "major" if mark["severity"].startswith("Major") else "minor",
        }
        for mark in marks if mark["side"] == "response"
    ]  # fmt: skip


def kinds(*values: str) -> list[Row]:
    return [{"value": value, "label": value.capitalize()} for value in values]


SEVERITY = {"key": "severity", "kind": "scale", "label": "How abusive?", "options": {"min": -3, "max": 1}}
ABUSIVE = {"key": "abusive", "kind": "yes_no", "label": "Is it abusive?", "fails_when": {"values": ["yes"]}}
FACTUAL = {"key": "factual", "kind": "yes_no", "label": "Is it true all the same?", "is_required": False}
CLASS = {"key": "class", "kind": "choice", "label": "How fit for the operation?", **CHOICES}

LLMFAO = Set(
    "llmfao", ("llmfao_votes.csv", "llmfao_responses.jsonl"), [BETTER], 3, llmfao_responses, llmfao_labels
)  # fmt: skip
PANDALM = Set("pandalm", ("pandalm_pairs.jsonl",), [BETTER], 2, pandalm_responses, pandalm_labels)
CONVABUSE = Set(
    "convabuse", ("convabuse_labels.csv",), [SEVERITY, ABUSIVE], 2, convabuse_responses, convabuse_labels
)  # fmt: skip
DAWID_SKENE = Set("dawid_skene", ("dawid_skene_1979.csv",), [CLASS], 3, dawid_skene_responses, dawid_skene_labels)
XSUM = Set(
    "xsum", ("xsum_spans.jsonl",), [MARKS | {"options": {"kinds": kinds("intrinsic", "extrinsic")}}, FACTUAL], 2,
    xsum_responses, xsum_labels,
)  # fmt: skip
MQM = Set(
    "mqm", ("mqm_zhen.jsonl",),
    [MARKS | {"options": {"kinds": kinds("error"), "severities": kinds("major", "minor")}}], 2,
    mqm_responses, mqm_labels,
)  # fmt: skip
SETS = {one.name: one for one in (LLMFAO, PANDALM, CONVABUSE, DAWID_SKENE, XSUM, MQM)}
