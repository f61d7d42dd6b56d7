"""The API's description: committed, complete, and true to its own examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from feedback.permissions import ROUTES
from tests.addresses import APIS
from tests.test_access import entry_of

pytestmark = pytest.mark.once

COMMITTED = Path(__file__).resolve().parent.parent / "docs/reference/openapi.yaml"
Operation = dict[str, Any]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The description as the code gives it now."""
    path = tmp_path_factory.mktemp("openapi") / "openapi.yaml"
    call_command("spectacular", file=str(path), validate=True, fail_on_warn=True)
    return path.read_text()


@cache
def document() -> dict[str, Any]:
    import yaml

    return dict(yaml.safe_load(COMMITTED.read_text()))


def operations() -> Iterator[tuple[str, Operation]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def bodies(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, media type object) of everything that is sent or answered."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", media
    for status, answer in operation["responses"].items():
        whole = resolved(answer)
        for kind, media in whole.get("content", {}).items():
            yield f"{status} {kind}", media


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    _, _, section, name = part["$ref"].split("/")
    return dict(document()["components"][section][name])


def test_the_committed_description_is_that_of_the_code(written: str) -> None:
    assert written == COMMITTED.read_text(), (
        "The API has changed: run `make openapi` and commit docs/reference/openapi.yaml. Look at its diff: a path or "
        "field that is gone, a new required field or a narrower type breaks programs, and belongs into CHANGELOG.md."
    )


def test_every_route_and_method_is_described() -> None:
    n_described = sum(1 for _ in operations())
    assert n_described == sum(len(entry_of(route)) for route in APIS)
    assert all(isinstance(ROUTES[route], dict) for route in APIS), "Name the methods of an API route in ROUTES."


def test_every_operation_says_what_it_does_and_who_may() -> None:
    known = {tag["name"] for tag in document()["tags"]}
    for name, operation in operations():
        assert operation["summary"], name
        assert "For keys" in operation["description"], name
        assert set(operation["tags"]) <= known, name
        keys = [one["apiKey"] for one in operation["security"] if "apiKey" in one]
        assert keys, name
        assert all(len(scopes) == 1 for scopes in keys), name
        assert {"session": []} in operation["security"], name


def test_every_operation_has_its_problems_and_headers() -> None:
    for name, operation in operations():
        answers = operation["responses"]
        assert set(answers) >= {"400", "401", "403", "404", "429"}, name
        if "requestBody" in operation:
            assert set(answers) >= {"413", "415"}, name
        for status, answer in answers.items():
            whole = resolved(answer)
            assert whole["description"], (name, status)
            if status >= "400":
                assert list(whole["content"]) == ["application/problem+json"], (name, status)
            if status not in {"304", "401", "503"}:
                assert "RateLimit-Limit" in whole["headers"], (name, status)


def test_what_creates_takes_an_idempotency_key() -> None:
    creating = {name for name, operation in operations() if name.startswith("POST") and
                set(operation["responses"]) & {"201", "202"}}  # fmt: skip
    taking = {name for name, operation in operations() for parameter in operation["parameters"]
              if parameter["name"] == "Idempotency-Key"}  # fmt: skip
    assert creating == taking
    assert len(taking) == 15


def test_every_body_has_an_example_and_every_example_is_of_its_schema() -> None:
    wrong = []
    for name, operation in operations():
        for where, media in bodies(operation):
            if media["schema"].get("format") == "binary":
                continue
            examples = media.get("examples")
            if not examples:
                wrong.append(f"{name} {where} has no example")
                continue
            validator = Draft202012Validator({**media["schema"], "components": document()["components"]})
            for title, example in examples.items():
                wrong += [f"{name} {where} {title}: {e.message[:200]}" for e in validator.iter_errors(example["value"])]
    assert wrong == []
