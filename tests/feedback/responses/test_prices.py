"""Prices: added, never changed, and asked for by the day of the answer."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.responses.ingest import ingest_rows
from feedback.responses.models import IngestBatch, LanguageModel, Price, Response
from tests import make

LIST, NEW = "/p/travel/responses/prices/", "/p/travel/responses/prices/new/"


@pytest.fixture
def model(project: Project) -> LanguageModel:
    return LanguageModel.objects.create(project=project, provider="acme", name="small-1")


def typed(model: LanguageModel, **fields: Any) -> dict[str, Any]:
    return {"model": model.pk, "valid_from": "2026-01-01", "currency": "usd", "input": "1.5", "output": "6", **fields}


def ingest(project: Project, external_id: str) -> Response:
    """A response of the 5th of May that says its tokens and not its cost."""
    row: dict[str, Any] = {"external_id": external_id, "output": "So.", "provider": "acme", "model": "small-1"}
    row |= {"messages": [{"role": "user", "content": "How?"}], "responded_at": "2026-05-05T12:00:00Z"}
    row |= {"usage": {"input_tokens": 1_000_000, "output_tokens": 0}}
    ingest_rows(project, iter([row]), batch=IngestBatch.objects.create(project=project, source="api"))
    return Response.objects.get(project=project, external_id=external_id)


def test_a_curator_adds_a_price(curator: Member, model: LanguageModel) -> None:
    browser = make.SignedIn(curator)
    assert b"No price" in browser.get(LIST).content
    assert browser.post(NEW, typed(model))["Location"] == LIST
    price = Price.objects.get()
    assert (price.currency, price.input, price.created_by) == ("USD", Decimal("1.5"), curator)
    text = browser.get(LIST).content.decode()
    assert "No price" not in text
    assert text.count('>1.5 <span class="faint">USD</span></td>') == 1
    assert AuditEvent.objects.get(verb="price-added").facts == {"model": "small-1", "valid_from": "2026-01-01"}


def test_the_form_begins_with_today_and_the_last_price(curator: Member, model: LanguageModel) -> None:
    browser = make.SignedIn(curator)
    browser.post(NEW, typed(model, currency="EUR"))
    form = browser.get(f"{NEW}?model={model.pk}").context["form"]
    assert form["input"].value() == Decimal("1.5")
    assert form["currency"].value() == "EUR"
    assert form["valid_from"].value() == timezone.now().date()
    assert browser.get(f"{NEW}?model=nonsense").status_code == 200


@pytest.mark.parametrize("wrong", [{"input": "-1"}, {"currency": "dollars"}, {"currency": "1$A"}, {"valid_from": ""}])
def test_what_cannot_be_a_price_is_explained_and_kept(
    curator: Member, model: LanguageModel, wrong: dict[str, str]
) -> None:
    page = make.SignedIn(curator).post(NEW, typed(model, output="7.25", **wrong))
    assert page.status_code == 422
    assert b'value="7.25"' in page.content
    assert not Price.objects.exists()


def test_another_projects_model_gets_no_price(curator: Member, other_project: Project) -> None:
    theirs = LanguageModel.objects.create(project=other_project, name="theirs")
    assert make.SignedIn(curator).post(NEW, typed(theirs)).status_code == 422
    assert not Price.objects.exists()


def test_a_price_is_never_changed(curator: Member, model: LanguageModel) -> None:
    make.SignedIn(curator).post(NEW, typed(model))
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Price.objects.update(input=2)


def test_the_later_of_two_prices_for_a_day_counts_and_stored_costs_stay(curator: Member, model: LanguageModel) -> None:
    browser = make.SignedIn(curator)
    browser.post(NEW, typed(model, input="15"))
    before = ingest(curator.project, "r-1")
    browser.post(NEW, typed(model, input="1.5"))
    after = ingest(curator.project, "r-2")
    before.refresh_from_db()
    assert (before.cost, after.cost) == (Decimal(15), Decimal("1.5"))
    assert b"Corrected" in browser.get(LIST).content


def test_a_price_to_come_does_not_count_yet(curator: Member, model: LanguageModel) -> None:
    browser = make.SignedIn(curator)
    browser.post(NEW, typed(model))
    browser.post(NEW, typed(model, input="99", valid_from=str(timezone.now().date() + timedelta(days=9))))
    (row,) = browser.get(LIST).context["models"]
    assert row.now.input == Decimal("1.5")
    assert [price.input for price in row.coming] == [Decimal(99)]
    assert ingest(curator.project, "r-1").cost == Decimal("1.5")


def test_models_used_without_a_price_are_shown_with_their_tokens(curator: Member, other_project: Project) -> None:
    for project in (curator.project, curator.project, other_project):
        make.response(project, input_tokens=700, output_tokens=41)
    make.response(curator.project, model_name="known-1", input_tokens=9)
    priced = LanguageModel.objects.get(project=curator.project, name="known-1")
    Price.objects.create(project=curator.project, model=priced, valid_from=date(2026, 1, 1), input=1, output=2)
    browser = make.SignedIn(curator)
    page = browser.get(f"{LIST}use/", headers={"HX-Request": "true"}).content.decode()
    assert "small-1" in page
    assert ">1400<" in page
    assert ">82<" in page
    assert "known-1" not in page
    assert "<html" not in page
    assert b"<h1>Use of models</h1>" in browser.get(f"{LIST}use/").content


def test_the_list_asks_little(curator: Member, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        model = LanguageModel.objects.create(project=curator.project, name=f"m-{number}")
        Price.objects.create(project=curator.project, model=model, valid_from=date(2026, 1, 1), input=1, output=2,
                             created_by=curator)  # fmt: skip
    browser = make.SignedIn(curator)
    with django_assert_max_num_queries(6):
        browser.get(LIST)


def test_amounts_read_as_they_were_typed() -> None:
    price = Price(input=Decimal("10.000000"), output=Decimal("0.075000"))
    assert price.amounts == {"input": "10", "cached": "", "output": "0.075"}
