"""Ids of another project where a page or the API takes one: in every field of every form, in bodies, in parameters.

What is borrowed is refused or taken for words: no row of ours refers to one of theirs, theirs stay as they are, and no
answer shows their texts.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from feedback.accounts.invariants import crossings
from feedback.accounts.models import Member, Project
from feedback.permissions import SCOPES
from reviews.queues import claim as claiming
from tests import make
from tests.addresses import APIS, PAGES, address
from tests.attacks.conftest import Theirs
from tests.attacks.pages import Form, forms_of, text_of
from tests.attacks.parameters import NAMES_NO_ROW, NAMES_ROW, NamesOf, read_in, room_of
from tests.attacks.tenants import MARK, Snapshot, rows_of, tables
from tests.test_openapi import document

pytestmark = pytest.mark.once

LOGOUT = "/accounts/logout/"
LATER = re.compile(r"q[1-9]\d*-")  # a rubric's second question is asked for as its first one is


def numbers(project: Project) -> list[str]:
    """One row's number of each of the project's tables: whatever a field means, one of them is what it means."""
    newest = (rows_of(model, project).order_by("-pk").values_list("pk", flat=True).first() for model in tables())
    return sorted({str(pk) for pk in newest if isinstance(pk, int)})


def keys(project: Project) -> list[str]:
    """Names that programs know rows by; they carry no mark, so that an answer may repeat them."""
    named = [model for model in tables() if any(field.name == "key" for field in model._meta.concrete_fields)]
    rows = [rows_of(model, project).order_by("-pk").values_list("key", flat=True)[:1] for model in named]
    return [str(key) for found in rows for key in found]


def is_choice(name: str, form: Form) -> bool:
    """A field that offers rows or carries one: not what people type, and not the token against forgery."""
    is_chosen = form.fields[name].type in {"select", "radio", "checkbox", "hidden", "button"}
    return is_chosen and "csrf" not in name and not LATER.match(name)


def borrowed(form: Form, theirs: list[str], step: int) -> Iterator[dict[str, list[str]]]:
    """The form as a browser would send it, with one field at a time naming foreign rows: all at once, then every
    `step`-th alone.
    """
    for name in [name for name in form.fields if is_choice(name, form)]:
        known = form.fields[name].choices + form.fields[name].values
        foreign = [value for value in theirs if value not in known]
        yield {**form.data(), name: foreign}
        if form.fields[name].type in {"select", "hidden"} and any(value.isdecimal() for value in known):
            yield from ({**form.data(), name: [value]} for value in foreign[::step] if value.isdecimal())


def forms_of_project(browser: Client, project: Project, who: Member) -> dict[str, Form]:
    """Address -> form, of every page there is; one of each kind."""
    queue = make.queue(project)
    make.items(queue, 2)
    claiming.claim(queue, who)
    desk = reverse("queues:review", kwargs={"project": project.slug, "key": queue.key})
    paths = [desk, *(address(route, project, who) for route in PAGES)]
    found: dict[str, Form] = {}
    for path in paths:
        for form in forms_of(text_of(browser.get(path)), path.partition("?")[0]):
            kind = "".join(sign for sign in form.action if not sign.isdecimal())
            found.setdefault(kind, form) if form.action != LOGOUT else None
    return {form.action: form for form in found.values()}


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.proof), 5])
def test_no_form_takes_a_row_of_another_project(attacker: Member, theirs: Theirs, step: int) -> None:
    browser, before, found = make.SignedIn(attacker), Snapshot.of(theirs.project), []
    forms = forms_of_project(browser, attacker.project, attacker)
    assert len(forms) > 40, sorted(forms)
    foreign = numbers(theirs.project) + keys(theirs.project)
    for action, form in forms.items():
        for data in borrowed(form, foreign, step):
            answer = browser.post(action, data)
            found += [f"{action} fails"] if answer.status_code >= 500 else []
            found += [f"{action} shows their text for {data}"] if MARK in text_of(answer) else []
    assert found + crossings() == []
    assert before.changes() == []


# -- parameters of addresses


def columns(name: str, project: Project) -> list[str]:
    """What the parameter could name in that project, the newest row by each of its columns."""
    found = []
    for label, column in (column.rsplit(".", 1) for column in NAMES_ROW[name]):
        rows = rows_of(apps.get_model(label), project).exclude(**{column: None}).order_by("-pk")
        found += [str(value) for value in rows.values_list(column, flat=True)[:1]]
    return found


def test_every_parameter_is_known_to_name_a_row_or_none() -> None:
    every = frozenset().union(*(read_in(room_of(config.name)) for config in apps.get_app_configs()))
    assert len(every) > 80
    unknown = every - NAMES_ROW.keys() - NAMES_NO_ROW
    assert unknown == set(), "Say in tests/attacks/parameters.py which rows these could name."


def test_no_parameter_finds_a_row_of_another_project(attacker: Member, theirs: Theirs, names_of: NamesOf) -> None:
    browser, before, found, n_sent = make.SignedIn(attacker), Snapshot.of(theirs.project), [], 0
    values = {name: columns(name, theirs.project) for name in NAMES_ROW}
    for route in [*PAGES, *APIS]:
        path = address(route, attacker.project, attacker)
        for name in [name for name in names_of(browser, path) if name in NAMES_ROW]:
            for value in values[name]:
                query = {name: [value, value]} | ({"to": value} if name == "from" else {})
                answer = browser.get(path, query if "?" not in path else {**query, "format": "jsonl"})
                body = without(value, text_of(answer))
                found += [f"{path} fails for {query}"] if answer.status_code >= 500 else []
                found += [f"{path} shows their text for {query}"] if MARK in body else []
                n_sent += 1
    assert n_sent > 30
    assert found == []
    assert before.changes() == []


def without(value: str, text: str) -> str:
    """The answer without what was sent, which it may repeat."""
    for repeated in (value, quote(value), quote_plus(value), quote_plus(value, safe="/")):
        text = text.replace(repeated, "")
    return text


# -- bodies of the API


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each text and number in a body."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from leaves(entry, (*at, key))
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield at


def with_leaf(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(body)
    inner = body
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return body


def examples() -> Iterator[tuple[str, str, Any]]:
    """(method, path, body) of every example that the description gives."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in media.get("examples", {}).values():
                yield method, path, example["value"]


def test_no_body_takes_a_row_of_another_project(attacker: Member, theirs: Theirs) -> None:
    secret = make.api_key(attacker.project, *SCOPES, member=attacker)
    browser = Client(headers={"Authorization": f"Bearer {secret}"})
    before, found, n_sent = Snapshot.of(theirs.project), [], 0
    foreign = [value for name in ("queue", "prompt", "reviewer", "rubric_version")
               for value in columns(name, theirs.project)[:1]]  # fmt: skip
    queue = make.queue(attacker.project)
    make.items(queue, 200)
    for method, path, body in examples():
        for at in leaves(body):
            for value in foreign:
                held = claiming.claim(queue, attacker)
                filled = path.format(token=held and held.token, key=queue.key, id=1)
                answer = browser.generic(method, filled, json.dumps(with_leaf(body, at, value)), "application/json")
                shown = without(value, text_of(answer))
                found += [f"{method} {path} {at} fails for {value}"] if answer.status_code >= 500 else []
                found += [f"{method} {path} {at} shows their text"] if MARK in shown else []
                n_sent += 1
    assert n_sent > 100
    assert found + crossings() == []
    assert before.changes() == []
