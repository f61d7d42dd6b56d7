"""Addresses that a person writes (SSRF): no field is opened, and there is no way out but `feedback.egress`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django import forms as django_forms
from django.apps import apps
from django.db import models
from rest_framework import serializers as drf

from feedback.accounts.models import Member
from tests import make
from tests.attacks.pages import forms_of, text_of
from tests.attacks.parameters import forms, serializers
from tests.attacks.test_borrowed_ids import forms_of_project
from tests.feedback.test_egress import INSIDE, Listener
from tests.shape.tree import imported, product_files, refuse

pytestmark = pytest.mark.once

# Fields that hold an address, and what is done with it. A new one needs a line here and its part of the matrix below.
ADDRESSES = {
    "training.Trainer.base_url": "An admin's; only a job goes there, by egress.fetch, with the key entered for it.",
    "LinkSerializer.url": "One of ours, shown; the serializer is never given a body.",
    "TrainerForm.base_url": "Refused unless https, or a host that the operator opened.",
    "responses.Passage.url": "Shown as words or as a link that a person presses; nothing here opens it.",
    "outbox.Endpoint.url": "Opened by feedback.egress only: tests/feedback/outbox/test_addresses.py.",
    "outbox.Delivery.endpoint": "Names a row, whose address is the one above.",
    "EndpointForm.url": "The same, refused at once where that can be told.",
    "WantedSerializer.url": "The same.",
    "ChangeSerializer.url": "The same.",
}
# What could open a connection. Only feedback/egress.py may, and mail, which leads to one configured server.
WAYS_OUT = {
    "socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "httpx", "httpcore", "httpcore2",
    "aiohttp", "ftplib", "smtplib", "telnetlib", "xmlrpc", "websocket", "websockets", "paramiko", "pycurl",
    "boto3", "huggingface_hub", "httpx2", "asyncio",
}  # fmt: skip
MAY_GO_OUT = {
    "feedback/egress.py",
    "feedback/management/commands/serve.py",  # which listens
    # To where the operator's configuration leads, and nowhere that a page or a program could name.
    "feedback/datasets/destinations/s3.py",
    "feedback/datasets/destinations/hub.py",
}
WORDS = ("url", "uri", "endpoint", "host", "webhook", "callback", "link", "href", "address")


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def fields_for_addresses() -> Iterator[str]:
    """By their type, or by a name that says so."""
    for model in apps.get_models():
        if model.__module__.split(".")[0] in {"feedback", "reviews"}:
            for field in model._meta.concrete_fields:
                if isinstance(field, models.URLField) or field.name.removesuffix("es").split("_")[-1] in WORDS:
                    yield f"{model._meta.label}.{field.name}"
    for kind in forms():
        for name, one in getattr(kind, "base_fields", {}).items():
            if isinstance(one, django_forms.URLField) or name.split("_")[-1] in WORDS:
                yield f"{kind.__qualname__}.{name}"
    for kind in serializers():
        for name, one in getattr(kind, "_declared_fields", {}).items():
            if isinstance(one, drf.URLField) or not one.read_only and name.split("_")[-1] in WORDS:
                yield f"{kind.__qualname__}.{name}"


def test_every_field_for_an_address_is_known() -> None:
    known = {*ADDRESSES, "accounts.IdempotencyKey.address"}  # the last is a path of our own
    assert set(fields_for_addresses()) - known == set(), "Say in ADDRESSES what is done with it, and attack it below."
    assert set(ADDRESSES) <= set(fields_for_addresses())


def test_nothing_else_opens_a_connection() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in product_files()
        for line, name in imported(path)
        if str(path) not in MAY_GO_OUT and any(name == way or name.startswith(f"{way}.") for way in WAYS_OUT)
    ]
    refuse(found, "Go out by feedback.egress.fetch, which checks where it leads.")


def test_an_address_in_a_passage_or_a_file_is_never_opened(admin: Member, listener: Listener) -> None:
    """Ingest, the pages that show it, and what files are made of it."""
    hosts = [f"http://{host}:{listener.port}/" for host in INSIDE] + [
        "file:///etc/passwd",
        f"gopher://127.0.0.1:{listener.port}/",
    ]
    rows = [
        {"external_id": f"r-{number}", "prompt": f"![a]({url}) <{url}> [b]({url})", "output": f"![x]({url})",
         "passages": [{"text": url, "title": url, "url": url}], "metadata": {"url": url, "callback": url}}
        for number, url in enumerate(hosts)
    ]  # fmt: skip
    secret = make.api_key(admin.project, "ingest")
    browser = make.SignedIn(admin)
    answer = browser.post("/api/v1/responses/", rows, "application/json", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.content
    for response in admin.project.responses.all():
        page = text_of(browser.get(f"/p/travel/responses/{response.pk}/"))
        assert "<img" not in page
    text_of(browser.get("/p/travel/responses/export/?format=jsonl"))
    assert admin.project.responses.count() == len(hosts)
    assert listener.connections == 0


def test_no_form_opens_an_address_that_is_typed_into_it(admin: Member, listener: Listener) -> None:
    browser = make.SignedIn(admin, raise_request_exception=False)
    found = []
    for action, form in forms_of_project(browser, admin.project, admin).items():
        typed = [name for name, one in form.fields.items() if one.type in {"text", "textarea", "url", "hidden"}]
        for url in (listener.url, f"http://localhost:{listener.port}/", f"//127.0.0.1:{listener.port}/"):
            answer = browser.post(action, {**form.data(), **{name: url for name in typed if "csrf" not in name}})
            found += [action] if answer.status_code >= 500 else []
    assert found == []
    assert listener.connections == 0


def test_the_forms_are_really_found(admin: Member) -> None:
    page = text_of(make.SignedIn(admin).get("/p/travel/settings/"))
    assert [sorted(form.fields) for form in forms_of(page, "/p/travel/settings/") if "name" in form.fields] != []
