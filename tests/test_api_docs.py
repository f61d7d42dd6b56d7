"""docs/reference/api.md: its examples are run as they stand, and its tables are held to the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from feedback.accounts.models import ApiKey, Member, Project
from feedback.accounts.schema import HEADERS, OWN_DETAIL, SHARED
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.permissions import SCOPES
from reviews.quality.models import Analysis
from reviews.queues.models import Assignment
from reviews.sampling.models import SamplingRule
from tests import make

TEXT = (Path(__file__).resolve().parent.parent / "docs/reference/api.md").read_text()


def commands() -> list[tuple[str, int]]:
    """(curl command, status it should be answered with), in order."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)).replace("\\\n", " ")
    lines = [line.rpartition("  # ") for line in blocks.splitlines() if line]
    return [(command, int(status)) for command, _, status in lines]


@pytest.fixture
def documented(project: Project, admin: Member) -> str:
    """What the examples name, and the secret of their key."""
    make.response(project, prompt_version=make.prompt_version(project, "v7"))
    queue = make.queue(project, key="grounding")
    make.items(queue)
    make.queue(project, key="pairs")
    filters = {"queue": "pairs", "days": "30"}
    Analysis.objects.filter(pk=Analysis.ask(project, "agreement", filters).pk).update(state="done", result={"rows": []})
    rule = make.sampling_rule(queue)
    SamplingRule.objects.filter(pk=rule.pk).update(key="sample-of-production")
    dataset = Dataset.objects.create(project=project, key="better-answers", name="Pairs", shares={"train": 1.0})
    DatasetVersion.objects.create(project=project, dataset=dataset, number=1, rule={}, state="done")
    return make.api_key(project, *SCOPES, member=admin)


def run(command: str, secret: str) -> Any:
    """The request that curl would send, sent to the application."""
    token = Assignment.objects.values_list("token", flat=True).first()
    values = {"$API": "/api/v1", "$KEY": secret, "$TOKEN": str(token)}
    for name, value in values.items():
        command = command.replace(name, value)
    words = shlex.split(command)[1:]
    headers, body, method, address = {}, "", "", ""
    while words:
        match words.pop(0):
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-X":
                method = words.pop(0)
            case "-d":
                body = words.pop(0)
            case other:
                address = other
    kind = headers.pop("Content-Type", "application/json")
    assert urlsplit(address).path.startswith("/api/v1/"), address
    return Client().generic(method or ("POST" if body else "GET"), address, body, content_type=kind, headers=headers)


def test_every_example_is_answered_as_the_page_says(documented: str) -> None:
    assert len(commands()) == 19
    answers = [(command, run(command, documented), status) for command, status in commands()]
    assert [(command, answer.status_code, answer.content) for command, answer, status in answers
            if answer.status_code != status] == []  # fmt: skip
    assert ApiKey.objects.get().last_used_at


def test_every_scope_code_and_header_is_told_of() -> None:
    first_cells = re.findall(r"^\| (.*?) \|", TEXT, re.M)
    assert {cell.strip("`") for cell in first_cells} >= set(SCOPES)
    codes = {code for code, _, _ in SHARED.values()} | set(OWN_DETAIL)
    assert [code for code in sorted(codes) if f"`{code}`" not in TEXT] == []
    told = {"ETag", "Retry-After", "Idempotency-Replayed", *(name for name in HEADERS if name.startswith("RateLimit"))}
    assert [name for name in sorted(told) if name not in TEXT] == []
