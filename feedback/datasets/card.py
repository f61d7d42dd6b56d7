"""The card of a folder: what a reader must know before training on it, from what the version froze and nothing else.

No name, address or mail of a person is in it: reviewers are pseudonyms in the data, and counted here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from feedback.datasets import wording
from feedback.datasets.models import DatasetVersion, Export

LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]*")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TASKS = ["text-generation"]
TAGS = ["human-feedback", "preference", "dpo", "rlhf"]
WORDS = {
    Export.Shape.PREFERENCE: "A prompt, a chosen and a rejected answer, as messages (DPO, reward models).",
    Export.Shape.SFT: "A prompt and one good answer (supervised fine-tuning).",
    Export.Shape.KTO: "A prompt, an answer, and whether it is good (KTO).",
    Export.Shape.ATTRIBUTES: "A prompt, an answer, and its mean ratings as integers.",
    Export.Shape.SPANS: "A prompt, an answer, and the stretches that reviewers marked, with evidence.",
    Export.Shape.HELD_OUT: "Pairs that no other file holds, to judge a trained model by; never train on them.",
    Export.Shape.VOTES: "Every vote as it was cast, ties included.",
}
Facts = dict[str, Any]


def facts(version: DatasetVersion, files: list[dict[str, Any]]) -> Facts:
    """Plain values, which stand in the manifest too. Frozen: a name or description could be another tomorrow."""
    return {
        "project": version.project.slug,
        "dataset": version.dataset.key,
        "version": version.number,
        "as_of": version.cursor.get("as_of"),
        "rows_sha256": version.rows_sha256,
        "rule": version.rule,
        "counts": version.counts,
        "statistics": version.statistics,
        **origins(version),
        "files": files,
    }


def origins(version: DatasetVersion) -> Facts:
    """Licences, rubrics and guidelines of the pairs, each with the number of pairs, in one statement."""

    def told(*path: str) -> Any:
        found: Any = "provenance"
        for name in path[:-1]:
            found = KeyTransform(name, found)
        return KeyTextTransform(path[-1], found)

    names = {"chosen_licence": told("chosen", "licence"), "rejected_licence": told("rejected", "licence")}
    names |= {"by_rubric": told("rubric"), "by_guideline": told("guideline")}
    rows = version.pairs.order_by().annotate(**names).values(*names).annotate(n=Count("pk"))
    found: dict[str, dict[str, int]] = {"licences": {}, "rubrics": {}, "guidelines": {}}
    for row in rows:
        for licence in {row["chosen_licence"] or "", row["rejected_licence"] or ""}:
            add(found["licences"], licence, row["n"])
        add(found["rubrics"], row["by_rubric"] or "", row["n"])
        add(found["guidelines"], row["by_guideline"] or "", row["n"])
    return {kind: dict(sorted(counts.items())) for kind, counts in found.items()}


def add(counts: dict[str, int], name: str, n: int) -> None:
    counts[name] = counts.get(name, 0) + n


def title(about: Facts) -> str:
    return f"{about['dataset']}, version {about['version']}"


def licence(about: Facts) -> str:
    """The one licence of all responses as a hub names it; `other` where there are several, `unknown` where none."""
    named = [name for name in about["licences"] if name]
    if not named:
        return "unknown"
    one = named[0].lower()
    return one if len(about["licences"]) == 1 and LICENCE.fullmatch(one) else "other"


def written(about: Facts) -> str:
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections(about).items() if text)
    return f"---\n{head(about)}---\n\n# {title(about)}\n\n{body}\n"


def head(about: Facts) -> str:
    """YAML; its values are written as JSON, which is YAML too."""
    rows = sum(file["rows"] for file in about["files"])
    size = next((words for limit, words in SIZES if rows < limit), "1M<n<10M" if rows < 10_000_000 else "n>10M")
    values = {"license": licence(about), "pretty_name": title(about), "size_categories": [size]}
    values |= {"task_categories": TASKS, "annotations_creators": ["expert-generated"], "tags": TAGS}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    lines.append("configs:")
    for number, (shape, files) in enumerate(by_shape(about).items()):
        lines += [f"- config_name: {shape}", *(["  default: true"] if number == 0 else []), "  data_files:"]
        lines += [f"  - {{split: {file['split']}, path: {file['path']}}}" for file in files]
    return "\n".join(lines) + "\n"


def by_shape(about: Facts) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in about["files"]:
        found.setdefault(file["shape"], []).append(file)
    return found


def sections(about: Facts) -> dict[str, str]:
    return {
        "What is in it": contents(about),
        "How it was collected": collection(about),
        "Agreement and bias": figures(about),
        "Licence": licences(about),
        "Personal data": PERSONAL,
        "Limits": LIMITS,
        "Same bytes": f"Hash of the frozen rows: `{about['rows_sha256']}`. The folder can be written again from them, "
        "byte for byte; `manifest.json` has the SHA-256 of every file.",
    }


def contents(about: Facts) -> str:
    rows = [f"| `{f['shape']}` | {f['split']} | {f['rows']:,} | {WORDS[f['shape']]} |" for f in about["files"]]
    return "\n".join(["| config | split | rows | a row is |", "| --- | --- | ---: | --- |", *rows])


def collection(about: Facts) -> str:
    counts, rule = about["counts"], about["rule"]
    lines = [
        f"People reviewed responses under written rubrics; from {counts['verdicts']:,} settled judgements came "
        f"{counts['candidates']:,} candidates and {counts['pairs']:,} preference pairs, the rest were left out for one "
        "reason each. Two responses were shown in an order drawn for each reviewer, which is kept with the vote.",
        "Rule of the pairs: " + " ".join(wording.rule_lines(rule.get("rule", {}))),
        " ".join(wording.share_lines(rule.get("shares", {})))
        + " Rows that share a conversation, a question or a prompt"
        " are in one split.",
        f"Rubrics: {listed(about['rubrics'])}. Guidelines: {listed(about['guidelines'])}.",
    ]
    return "\n\n".join(lines)


def listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'none named'} ({n:,} pairs)" for name, n in counts.items()) or "none"


def figures(about: Facts) -> str:
    found, counts = about["statistics"], about["counts"]
    lines = [f"- {counts['votes']:,} votes on {counts['comparisons']:,} comparisons are kept as they were cast."]
    for label, name in (
        ("Mean share of votes for the chosen answer", "mean_vote_share"),
        ("The chosen answer is the longer one", "chosen_is_longer"),
        ("The answer shown first wins (50 % is no bias)", "first_shown_wins"),
    ):
        if found.get(name) is not None:
            lines.append(f"- {label}: {100 * found[name]:.1f} %.")
    if models := found.get("chosen_by_model"):
        lines.append(f"- Chosen answers by model: {listed(models)}.")
    return "\n".join(lines)


def licences(about: Facts) -> str:
    return f"As recorded with the responses: {listed(about['licences'])}."


PERSONAL = (
    "Reviewers stand as pseudonyms that mean nothing outside of the project they worked in. Names, addresses and mail "
    "of reviewers are not in these files. Prompts, answers and written reasons are as they were given: whoever "
    "publishes them must look whether they hold something about a person."
)
LIMITS = (
    "Agreement is a share of votes, not corrected for chance. Splits know exact repeats after folding, not near "
    "repeats. Judgements say what these reviewers preferred under this rubric, and no more."
)
