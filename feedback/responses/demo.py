"""The demo's stream: a travel insurer's assistant, three versions of its prompt, two models, some answers wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import timezone

from feedback.accounts.models import Project
from feedback.responses.ingest import ingest_rows
from feedback.responses.models import IngestBatch, LanguageModel, Price

VERSIONS = {
    "v5": "You answer customers of a travel insurer. Be brief.",
    "v6": "You answer customers of a travel insurer. Be warm and helpful. Use the passages where they fit.",
    "v7": "You answer customers of a travel insurer. Use only the passages and name the clause.",
}
TEMPERATURES = {"v5": 0.7, "v6": 0.7, "v7": 0.2}
MODELS = {"harbour-small": ("0.15", "0.60"), "harbour-large": ("2.50", "10.00")}
# How often an answer is wrong, by prompt version and model: the newest prompt and the larger model do better.
WRONG = {
    ("v5", "harbour-small"): 0.55, ("v5", "harbour-large"): 0.35, ("v6", "harbour-small"): 0.45,
    ("v6", "harbour-large"): 0.25, ("v7", "harbour-small"): 0.2, ("v7", "harbour-large"): 0.08,
}  # fmt: skip


@cache
def content() -> dict[str, Any]:
    """Passages and cases, with what is wrong in each wrong answer."""
    text = (Path(__file__).parent / "demo_travel.json").read_text(encoding="utf-8")
    world: dict[str, Any] = json.loads(text)
    return world


def wrong_answer(output: str) -> dict[str, Any] | None:
    """What an expert would find wrong in an answer of the demo; None when nothing is."""
    return next((wrong for case in content()["cases"] for wrong in case["wrong"] if wrong["text"] in output), None)


def fill(project: Project) -> None:
    """About 200 responses of the last two weeks. Idempotent, as ingest is."""
    for name, (price_in, price_out) in MODELS.items():
        model, _ = LanguageModel.objects.get_or_create(project=project, provider="harbour", name=name)
        amounts = {"input": Decimal(price_in), "output": Decimal(price_out)}
        if not model.prices.exists():
            Price.objects.create(project=project, model=model, valid_from=date(2026, 1, 1), **amounts)
    if project.responses.exists():
        return
    batch = IngestBatch.objects.create(project=project, source="demo", name="travel assistant")
    ingest_rows(project, rows(), batch=batch)


def rows() -> Iterator[dict[str, Any]]:
    draw = random.Random(7)  # the same world every time
    now = timezone.now()
    for number, case in enumerate(content()["cases"]):
        for place, (version, instructions) in enumerate(VERSIONS.items()):
            for model in MODELS:
                age = timedelta(days=13 - 5 * place - draw.random() * 3, minutes=draw.randrange(600))
                yield row(draw, number, case, version, instructions, model) | {"responded_at": (now - age).isoformat()}


def row(
    draw: random.Random, number: int, case: dict[str, Any], version: str, instructions: str, model: str
) -> dict[str, Any]:
    is_wrong = draw.random() < WRONG[version, model]
    body = draw.choice(case["wrong"])["text"] if is_wrong else case["right"]
    passages = [content()["passages"][key] | {"id": key} for key in case["passages"]]
    output = worded(body, version, passages[0]["title"])
    turns = [*case.get("earlier", []), {"role": "user", "content": case["question"]}]
    tokens = 60 + sum(len(passage["text"]) for passage in passages) // 4
    found: dict[str, Any] = {
        "external_id": f"chat-{number:03d}-{version}-{model}",
        "messages": [{"role": "system", "content": instructions}, *turns],
        "variables": {"question": case["question"]},
        "output": output,
        "provider": "harbour",
        "model": model,
        "parameters": {"temperature": TEMPERATURES[version]},
        "prompt_version": {
            "name": "claims-answer",
            "version": version,
            "template": "{{question}}",
            "system": instructions,
            "parameters": {"temperature": TEMPERATURES[version]},
        },
        "passages": [
            passage | {"store": "policy-2026", "score": round(0.9 - 0.12 * i, 2)} for i, passage in enumerate(passages)
        ],
        "usage": {"input_tokens": tokens, "output_tokens": len(output) // 4},
        "latency_ms": draw.randrange(350, 1400) * (2 if model == "harbour-large" else 1),
        "conversation_id": f"conversation-{number:03d}-{version}-{model}",
        "subject_key": f"customer-{draw.randrange(90):02d}",
        "environment": "production",
        "segment": case["segment"],
        "consent": True,
        "tags": [version],
    }
    if draw.random() < 0.15:
        found["feedback"] = [{"kind": "thumb", "score": 0 if is_wrong else 1}]
    return found


def worded(body: str, version: str, clause: str) -> str:
    """The same answer in the manner of each prompt version."""
    if version == "v5":
        return body
    if version == "v6":
        return f"Thank you for asking!\n\n{body}\n\nIs there anything else I can do for you?"
    return f"{body}\n\n*{clause}*"
