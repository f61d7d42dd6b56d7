"""What other libraries say of the public labels that lie beside the project (DATA_DIR): `make oracles` freezes it.

The files are read here plainly and by nobody else's code: the product gets the same labels through its imports, and
tests/reviews/imports/test_many_raters.py holds what it says to these values.
"""

import csv
import hashlib
import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DATA_DIR", ROOT.parent / "shared" / "data"))
TARGET = ROOT / "tests" / "reviews" / "imports" / "oracles.json"

Label = tuple[str, str, str | float]  # item, rater, answer
# How many labels of each item come first: their majority is held against that of all labels.
FIRST = {"llmfao": 3, "pandalm": 2, "convabuse": 2, "convabuse_abusive": 2, "dawid_skene": 3, "xsum": 2, "mqm": 2}


def is_there() -> bool:
    return (DATA / "llmfao_votes.csv").exists()


def rows_of(name: str) -> list[dict[str, Any]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if name.endswith(".csv") else [json.loads(line) for line in file]


def llmfao() -> list[Label]:
    """Answers are the first or second of the two by name, or a tie; the side says nothing."""
    found = []
    for row in rows_of("llmfao_votes.csv"):
        sides = {"left": f"{row['prompt_id']}-{row['model_x']}", "right": f"{row['prompt_id']}-{row['model_y']}"}
        names, chosen = sorted(sides.values()), sides.get(row["winner"])
        found.append(("|".join(names), row["rater_id"], str(names.index(chosen) + 1) if chosen else "tie"))
    return found


def pandalm() -> list[Label]:
    return [
        (f"{row['pair_id']}-1|{row['pair_id']}-2", str(person), str(row[f"annotator{person}"] or "tie"))
        for row in rows_of("pandalm_pairs.jsonl")
        for person in (1, 2, 3)
    ]


def convabuse() -> list[Label]:
    return [(row["item_id"], row["rater_id"], float(row["severity"])) for row in rows_of("convabuse_labels.csv")]


def convabuse_abusive() -> list[Label]:
    return [(item, rater, "yes" if float(severity) < 0 else "no") for item, rater, severity in convabuse()]


def dawid_skene() -> list[Label]:
    return [(row["patient"], row["observer"], row["rating"]) for row in rows_of("dawid_skene_1979.csv")]


def xsum() -> list[Label]:
    """Whether anything was marked."""
    return [
        (f"{row['doc_id']}-{row['system']}", rater, "yes" if marks else "no")
        for row in rows_of("xsum_spans.jsonl")
        for rater, marks in sorted(row["spans"].items())
    ]


def mqm() -> list[Label]:
    """Whether anything was marked in the translation itself."""
    return [
        (row["item_id"], one["rater_id"], "yes" if any(mark["side"] == "response" for mark in one["spans"]) else "no")
        for row in rows_of("mqm_zhen.jsonl")
        for one in row["annotations"]
    ]


READERS = [llmfao, pandalm, convabuse, convabuse_abusive, dawid_skene, xsum, mqm]


def characters() -> dict[str, list[list[int]]]:
    """Of each set with marks: for every character that two or more have read, how many left it and how many marked it.

    Same pairs of numbers are counted: [left, marked, how many characters].
    """
    texts: dict[str, list[tuple[int, list[list[tuple[int, int]]]]]] = {"xsum": [], "mqm": []}
    for row in rows_of("xsum_spans.jsonl"):
        hands = [[(mark[0], mark[1]) for mark in marks] for marks in row["spans"].values()]
        texts["xsum"].append((len(row["response"]), hands))
    for row in rows_of("mqm_zhen.jsonl"):
        marked = [[mark for mark in one["spans"] if mark["side"] == "response"] for one in row["annotations"]]
        hands = [[(mark["start"], mark["end"]) for mark in marks] for marks in marked]
        texts["mqm"].append((len(row["response"]), hands))
    found: dict[str, list[list[int]]] = {}
    for name, rows in texts.items():
        counts: Counter[tuple[int, int]] = Counter()
        for length, hands in rows:
            for place in range(length):
                k = sum(any(start <= place < end for start, end in marks) for marks in hands)
                counts[len(hands) - k, k] += 1
        found[name] = [[left, k, n] for (left, k), n in sorted(counts.items())]
    return found


# What each library is asked, in an environment of its own. Of one rater's labels of an item, agreement takes the first.
# crowd-kit would stop where its bound falls, which counts shares once a label, after a few of the steps: it gets none.
ALPHA = """
import json, sys, numpy, krippendorff
given = json.load(sys.stdin)
def counted(labels):
    seen, items, values = set(), {}, sorted({row[2] for row in labels})
    column = {value: number for number, value in enumerate(values)}
    for item, rater, value in labels:
        if (item, rater) not in seen:
            seen.add((item, rater))
            items.setdefault(item, [0] * len(values))[column[value]] += 1
    return numpy.array(list(items.values())), values
def alpha(table, values, level):
    domain = values if level == "nominal" else numpy.array(values, dtype=float)
    return krippendorff.alpha(value_counts=table, value_domain=domain, level_of_measurement=level)
found = {}
for name, labels in given["labels"].items():
    table, values = counted(labels)
    levels = ("nominal", "ordinal", "interval") if isinstance(values[0], float) else ("nominal",)
    found[name] = {"alpha": {level: alpha(table, values, level) for level in levels}}
for name, rows in given["characters"].items():
    table = numpy.repeat([row[:2] for row in rows], [row[2] for row in rows], axis=0)
    found[name]["characters"] = alpha(table, [0, 1], "nominal")
print(json.dumps(found))
"""
GWET = """
import json, sys, pandas
from irrCAC.raw import CAC
found = {}
for name, labels in json.load(sys.stdin)["labels"].items():
    frame = pandas.DataFrame(labels, columns=["item", "rater", "value"]).drop_duplicates(["item", "rater"])
    weights = "ordinal" if isinstance(labels[0][2], float) else "identity"
    raw = CAC(frame.pivot(index="item", columns="rater", values="value"), weights=weights, digits=8)
    found[name] = {"ac": raw.gwet()["est"]["coefficient_value"], "kappa": raw.fleiss()["est"]["coefficient_value"]}
print(json.dumps(found))
"""
CROWD = """
import json, sys, pandas
from crowdkit.aggregation import DawidSkene, MajorityVote
given = json.load(sys.stdin)
def voted(frame):
    shares = MajorityVote().fit_predict_proba(frame)
    best = shares.max(axis=1)
    won = (shares.sub(best, axis=0).abs() < 1e-9).sum(axis=1) == 1
    return shares.idxmax(axis=1).where(won)
def modelled(frame):
    model = DawidSkene(n_iter=200, tol=-1).fit(frame)
    right = {w: sum(p * model.errors_.loc[(w, k), k] for k, p in model.priors_.items() if (w, k) in model.errors_.index)
             for w in sorted(frame["worker"].unique())}
    return model, right
found = {}
for name, labels in given["labels"].items():
    frame = pandas.DataFrame([(i, r, str(v)) for i, r, v in labels], columns=["task", "worker", "label"])
    early = frame[frame.groupby("task").cumcount() < given["first"][name]]
    model, _ = modelled(frame)
    once = frame.drop_duplicates(["task", "worker"])
    once = once[once.groupby("task")["task"].transform("size") >= 2]
    apart, right = modelled(once)
    found[name] = {"all": voted(frame).dropna().to_dict(), "early": voted(early).dropna().to_dict(),
                   "model": model.labels_.to_dict(), "tasks": int(frame["task"].nunique()),
                   "shares": {k: float(v) for k, v in model.priors_.items()},
                   "accuracy": {w: float(v) for w, v in right.items()},
                   "labels": {w: int(n) for w, n in once["worker"].value_counts().items()}}
print(json.dumps(found))
"""


def digest(labels: dict[str, str]) -> str:
    """Of which item has which label, in one short word."""
    return hashlib.sha256("".join(f"{item}\t{labels[item]}\n" for item in sorted(labels)).encode()).hexdigest()[:16]


def summed(said: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the labels that crowd-kit gives: counts, a digest of the full vote, how often each is right."""
    full, early, model = said["all"], said["early"], said["model"]
    both = [item for item in early if item in full]
    return {
        "items": said["tasks"],
        "settled": len(full),
        "labels": dict(sorted(Counter(full.values()).items())),
        "digest": digest(full),
        "early": len(early),
        "early_with_full_vote": len(both),
        "early_right": sum(early[item] == full[item] for item in both),
        "as_dawid_skene": sum(model[item] == label for item, label in full.items()),
        "shares": said["shares"],
        "accuracy": {
            rater: [round(value, 6), said["labels"][rater]] for rater, value in sorted(said["accuracy"].items())
        },
    }


def given() -> dict[str, Any]:
    return {"labels": {reader.__name__: reader() for reader in READERS}, "characters": characters(), "first": FIRST}


def merged(*parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for part in parts:
        for name, values in part.items():
            found[name] |= values
    return dict(found)
