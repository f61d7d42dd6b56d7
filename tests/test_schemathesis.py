"""The API against its own committed description: whatever is sent, the answer is one that the description knows.

`EXAMPLES=500 pytest tests/test_schemathesis.py` looks longer; the usual run is short and the same every time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pytest_django.fixtures import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from feedback.accounts.models import Member, Project
from feedback.permissions import SCOPES
from tests import make, world
from tests.databases import undone
from tests.test_openapi import COMMITTED

pytestmark = pytest.mark.strict

EXAMPLES = int(os.environ.get("EXAMPLES", "10"))
LOOKS_LONGER = EXAMPLES > 100
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
SCHEMA = schemathesis.openapi.from_path(COMMITTED)
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests leave the test's connection and its transaction alone, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def here(project: Project, admin: Member, settings: Settings, tmp_path: Path, one_connection: None) -> dict[str, Any]:
    """Headers of a key with every right, and what addresses may name in its project."""
    settings.MEDIA_ROOT, settings.ALLOWED_HOSTS, settings.RATE_LIMIT = tmp_path, ["*"], "1000000/minute"
    world.one_of_everything(project)
    queue = make.queue(project)
    make.items(queue)
    version = world.version(project)
    return {
        "secret": make.api_key(project, *SCOPES, member=admin),
        "token": str(world.assignment(project, admin).token),
        "datasets": version.dataset.key,
        "dataset-versions": version.pk,
        "exports": world.export(project).pk,
        "prompts": make.prompt_version(project).prompt_id,
        "prompt-versions": make.prompt_version(project).pk,
        "queues": queue.key,
        "responses": make.response(project, passages=["30 days."]).pk,
        "rubrics": make.rubric_version(project).rubric_id,
        "rubric-versions": make.rubric_version(project).pk,
        "sampling-rules": make.sampling_rule(queue).key,
        "sampling-runs": world.run(queue).pk,
        "analyses": world.analysis(project).pk,
        "escalations": world.escalation(project, admin).pk,
        "export-links": world.link(project).pk,
        "fine-tunes": world.fine_tune(project).pk,
        "gold": world.gold(project, admin).pk,
        "shipments": world.shipment(project).pk,
        "webhooks": world.endpoint(project).pk,
        "webhook-deliveries": world.delivery(project).pk,
    }


def named(operation: Any, here: dict[str, Any]) -> dict[str, Any]:
    """What the address names, when it is something that is there."""
    noun = operation.path.split("/")[3]
    names = [name for name in ("token", "key", "id") if f"{{{name}}}" in operation.path]
    return {name: here["token"] if name == "token" else here[noun] for name in names}


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_of_the_description(label: str, here: dict[str, Any]) -> None:
    """To what is right, and to what is wrong."""
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        hold_in(mode, label, here)


def hold_in(mode: GenerationMode, label: str, here: dict[str, Any]) -> None:
    operation, application = OPERATIONS[label], get_wsgi_application()
    there = operation.as_strategy(generation_mode=mode, path_parameters=named(operation, here))
    anywhere = operation.as_strategy(generation_mode=mode)
    headers = {"Authorization": f"Bearer {here['secret']}"}

    @hypothesis.settings(
        max_examples=EXAMPLES, derandomize=not LOOKS_LONGER, database=None,
        suppress_health_check=list(HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @given(case=there if "{" not in label or not LOOKS_LONGER else st.one_of(there, anywhere))
    def hold(case: Any) -> None:
        with undone():  # every example begins in the same world
            answer = case.call(app=application, headers=headers)
        left_out = [negative_data_rejection] if isinstance(case.body, list) else []  # its rows are judged one by one
        case.validate_response(answer, checks=CHECKS, excluded_checks=left_out, headers=headers)

    try:
        hold()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing of this request can be wrong
