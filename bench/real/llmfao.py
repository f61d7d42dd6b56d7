"""LLMFAO from end to end: answers in, 4,189 votes of 124 people imported, settled, built, downloaded over REST.

Run it by `make real WHAT=llmfao`. The file it leaves can be trained on: docs/how-to/train-with-trl.md.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.real import instance

QUEUE = "crowd-votes"


def responses() -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"{row['prompt_id']}-{row['model_id']}",
            "messages": [{"role": "user", "content": row["prompt"]}],
            "output": row["response"],
            "model": row["model"],
            "latency_ms": row["latency_ms"],
            "origin": "import",
            "licence": "CC BY 4.0",
        }
        for row in instance.rows_of("llmfao_responses.jsonl")
    ]


def votes() -> list[dict[str, Any]]:
    with (instance.DATA / "llmfao_votes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {
            "source": "llmfao",
            "external_id": f"vote-{number}",
            "reviewer": row["rater_id"],
            "queue": QUEUE,
            "responses": [f"{row['prompt_id']}-{row['model_x']}", f"{row['prompt_id']}-{row['model_y']}"],
            "answers": {"better": {"outcome": "tie"} if row["winner"] == "tie" else preferred(row["winner"])},
        }
        for number, row in enumerate(rows)
    ]


def preferred(side: str) -> dict[str, Any]:
    return {"outcome": "preferred", "preferred": side, "strength": 1}


def main() -> None:
    instance.own_surroundings()
    project, key = instance.prepare("llmfao")
    from feedback.datasets.models import Dataset
    from feedback.datasets.rule import DEFAULT_SHARES, Rule
    from feedback.judgements.models import Review, Verdict
    from feedback.rubrics.ready import pairwise_rubric
    from reviews.queues.models import Queue

    fields = {"name": "Crowd votes", "takes_imports": True, "grace_seconds": 1}
    queue = Queue.objects.create(project=project, key=QUEUE, rubric_version=pairwise_rubric(project), **fields)
    # The rule of STATISTICS §3: at least three votes, two thirds of all of them for the chosen one.
    rule = Rule(min_votes=3, min_share=2 / 3)
    Dataset.objects.create(project=project, key="crowd", name="Crowd", rule=rule.as_json(), shares=DEFAULT_SHARES)
    out = Path(os.environ.get("OUTPUT", Path(os.environ["VAR_DIR"]) / "llmfao-preference.jsonl"))
    with instance.serving(key) as api:
        with api.timed("ingest"):
            ingested = api.send("/responses/", responses())
        with api.timed("import votes"):
            imported = api.send("/imported-reviews/", votes())
        with api.timed("settle"):
            instance.until_settled(queue)
        with api.timed("build"):
            version = api.post("/datasets/crowd/build/")
            version = api.until_done(f"/dataset-versions/{version['id']}/")
        with api.timed("export"):
            export = api.post(f"/dataset-versions/{version['id']}/exports/", {"shape": "preference"})
            export = api.until_done(f"/exports/{export['id']}/")
            api.download(export["id"], out)
        with api.timed("write every shape"):
            shapes = instance.every_shape(api, version["id"])
    figures = {
        "responses in": ingested["accepted"],
        "votes in": imported["accepted"],
        "votes refused": len(imported["refused"]),
        "items": queue.items.count(),
        "reviews": Review.objects.filter(project=project).count(),
        "verdicts": Verdict.objects.filter(project=project, is_current=True).count(),
        "unresolved": queue.items.filter(state="unresolved").count(),
        "pairs": version["counts"]["pairs"],
        "excluded": version["counts"]["excluded"],
        **{name: value for name, value in version["statistics"].items() if name != "chosen_by_model"},
        **shapes,
        "file": out,
    }
    instance.report("LLMFAO, end to end", figures, api.times)


if __name__ == "__main__":
    main()
