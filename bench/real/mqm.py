"""MQM translations from end to end: texts with their source, error spans imported, settled, the revision file.

Run it by `make real WHAT=mqm`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.real import instance

QUEUE = "translation-errors"


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]


def responses(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "external_id": row["item_id"],
            "messages": [{"role": "user", "content": f"Translate into English:\n{row['source']}"}],
            "output": row["response"],
            "model": row["model"],
            "prompt_version": {"name": "translate", "version": row["model"]},
            "passages": [{"title": "Source text", "text": row["source"]}],
            "conversation_id": row["doc_id"] + "#" + row["model"],
            "origin": "import",
            "licence": "Apache-2.0",
        }
        for row in rows
    ]


def labels(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "source": "wmt23-mqm",
            "external_id": f"{row['item_id']}#{annotation['rater_id']}#{number}",
            "reviewer": annotation["rater_id"],
            "queue": QUEUE,
            "responses": [row["item_id"]],
            "answers": {"errors": [mark(row, span) for span in annotation["spans"]]},
            "reviewed_at": datetime.fromtimestamp(annotation["last_ts"] / 1000, UTC).isoformat(),
            "active_ms": annotation["active_ms"],
        }
        for row in rows
        for number, annotation in enumerate(row["annotations"])
    ]


def mark(row: dict[str, Any], span: dict[str, Any]) -> dict[str, Any]:
    """A mark in the translation shows the source as evidence; one in the source is a mark in that passage."""
    text = row["response"] if span["side"] == "response" else row["source"]
    where: dict[str, Any] = {"evidence": {"passage": 0}} if span["side"] == "response" else {"passage": 0}
    return {
        **where,
        "start": span["start"],
        "end": span["end"],
        "quote": text[span["start"] : span["end"]],
        "kind": slug(span["category"]),
        "severity": slug(span["severity"]),
    }


def criteria(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    spans = [span for row in rows for annotation in row["annotations"] for span in annotation["spans"]]
    named = {name: sorted({span[name] for span in spans}) for name in ("category", "severity")}
    options = {
        "kinds": [{"value": slug(label), "label": label} for label in named["category"]],
        "severities": [{"value": slug(label), "label": label} for label in named["severity"]],
    }
    asked = {"key": "errors", "kind": "spans", "label": "Mark every error"}
    return [{**asked, "options": options, "fails_when": {"any": True}}]


def main() -> None:
    rows = instance.rows_of("mqm_zhen.jsonl")
    instance.own_surroundings()
    project, key = instance.prepare("mqm")
    from feedback.datasets.models import Dataset
    from feedback.datasets.rule import DEFAULT_SHARES, Rule
    from feedback.judgements.models import Review, Span, Verdict
    from feedback.rubrics.models import Rubric
    from feedback.rubrics.publish import publish
    from reviews.queues.models import Queue

    rubric = Rubric.objects.create(project=project, name="Translation errors")
    version = publish(rubric, criteria(rows))
    fields = {"name": "Translation errors", "takes_imports": True, "grace_seconds": 1}
    queue = Queue.objects.create(project=project, key=QUEUE, rubric_version=version, **fields)
    fields = {"name": "Revision", "rule": Rule().as_json(), "shares": DEFAULT_SHARES}
    Dataset.objects.create(project=project, key="revision", **fields)
    out = Path(os.environ.get("OUTPUT", Path(os.environ["VAR_DIR"]) / "mqm-revision.jsonl"))
    with instance.serving(key) as api:
        with api.timed("ingest"):
            ingested = api.send("/responses/", responses(rows))
        with api.timed("import labels"):
            imported = api.send("/imported-reviews/", labels(rows))
        with api.timed("settle"):
            instance.until_settled(queue)
        with api.timed("build"):
            built = api.post("/datasets/revision/build/")
            built = api.until_done(f"/dataset-versions/{built['id']}/")
        with api.timed("export"):
            export = api.post(f"/dataset-versions/{built['id']}/exports/", {"shape": "revision"})
            export = api.until_done(f"/exports/{export['id']}/")
            api.download(export["id"], out)
    cases = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    figures = {
        "responses in": ingested["accepted"],
        "labels in": imported["accepted"],
        "labels refused": imported["refused"][:5],
        "items": queue.items.count(),
        "reviews": Review.objects.filter(project=project).count(),
        "spans": Span.objects.filter(project=project).count(),
        "verdicts": Verdict.objects.filter(project=project, is_current=True).count(),
        "unresolved": queue.items.filter(state="unresolved").count(),
        "cases failed, passed": [sum(case["outcome"] == name for case in cases) for name in ("failed", "passed")],
        "held out for the test split": built["counts"]["cases"] - len(cases),
        "spans in the file": sum(len(case["spans"]) for case in cases),
        "file": out,
    }
    instance.report("MQM, end to end", figures, api.times)


if __name__ == "__main__":
    main()
