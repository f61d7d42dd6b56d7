"""Rows go in once, late parts fill gaps, and what cannot be taken is refused alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.ingest import CHUNK_ROWS, IngestResult, ingest_rows
from feedback.responses.insert import _new_ids
from feedback.responses.models import IngestBatch, LanguageModel, Passage, Price, Response, ResponseBody, UserFeedback
from feedback.text.hashes import draw_key, input_hash, sha256_text
from tests import make


def send(project: Project, *rows: dict[str, Any]) -> IngestResult:
    return ingest_rows(project, rows, batch=IngestBatch.objects.create(project=project, source="file"))


def row(external_id: str = "r1", **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "prompt": "How long?", "output": "Thirty days.", **fields}


def reasons(result: IngestResult) -> list[tuple[int, str, str]]:
    return [(refusal.index, refusal.reason, refusal.pointer) for refusal in result.refused]


FULL: dict[str, Any] = {
    "external_id": "full",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "How "}, {"type": "text", "text": "long?"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": {"name": "f"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "30"},
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "output": {"role": "assistant", "content": "Thirty days.", "tool_calls": None, "refusal": None},
    "model": "large-2", "provider": "acme", "parameters": {"temperature": 0.2},
    "prompt_version": {"name": "claims", "version": 7, "template": "Answer {q}", "system": "Be brief."},
    "metadata": {"shard": 4},
    "passages": [{"id": "p1", "title": "Terms", "text": "30 days", "url": "https://a.eu", "store": "kb", "score": 0.5}],
    "usage": {"input_tokens": 100, "output_tokens": 20, "cached_tokens": 10, "reasoning_tokens": 3},
    "cost": "0.00012", "latency_ms": 812.6, "conversation_id": "c", "trace_id": "t", "span_id": "s",
    "subject_key": "u", "origin": "replay", "environment": "staging", "segment": "gold", "consent": True,
    "licence": "CC-BY-4.0", "feedback": [{"kind": "thumb", "score": 1, "comment": "ok", "at": "2026-05-01T10:00:00Z"}],
    "tags": ["a", "b", "a"], "responded_at": "2026-05-01T12:00:00+02:00",
}  # fmt: skip


def test_it_keeps_every_field(project: Project) -> None:
    assert send(project, FULL).accepted == 1
    response = Response.objects.select_related("body", "model", "prompt_version__prompt").get()
    assert response.body.messages == FULL["messages"]
    assert response.body.output == "Thirty days."
    assert (response.model.name, response.model.provider) == ("large-2", "acme")  # type: ignore[union-attr]
    assert str(response.prompt_version) == "claims 7"
    assert (response.cost, response.cost_is_given, response.latency_ms) == (Decimal("0.00012"), True, 813)
    assert (response.input_tokens, response.cached_tokens, response.reasoning_tokens) == (100, 10, 3)
    assert response.responded_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert (response.tags, response.consent, response.origin) == (["a", "b"], True, "replay")
    assert response.output_hash == sha256_text("Thirty days.")
    assert response.draw_key == draw_key(project.salt, "full")
    passage = Passage.objects.get()
    assert (passage.external_id, passage.text_hash, passage.score) == ("p1", sha256_text("30 days"), 0.5)
    assert UserFeedback.objects.get().score == 1
    assert response.has_feedback


def test_the_same_row_again_changes_nothing(project: Project) -> None:
    send(project, FULL)
    before = Response.objects.values().get()
    assert send(project, FULL, FULL).repeated == 2
    assert Response.objects.values().get() == before
    assert (Passage.objects.count(), UserFeedback.objects.count()) == (1, 1)


def test_another_body_is_refused_for_that_row_alone(project: Project) -> None:
    send(project, row("a"))
    result = send(project, row("a", output="Sixty days."), row("b"))
    assert (result.accepted, reasons(result)) == (1, [(0, "conflict", "")])
    assert ResponseBody.objects.get(response__external_id="a").output == "Thirty days."


def test_two_rows_of_one_delivery_with_one_id_are_judged_alike(project: Project) -> None:
    result = send(project, row("a"), row("a"), row("a", output="Other."), row("a", latency_ms=5))
    assert (result.accepted, result.repeated, result.filled) == (1, 1, 1)
    assert reasons(result) == [(2, "conflict", "")]
    assert Response.objects.get().latency_ms == 5


@pytest.mark.parametrize("field", ["model", "parameters", "metadata", "variables", "input_key", "tools"])
def test_each_part_of_the_body_counts(project: Project, field: str) -> None:
    values: dict[str, Any] = {"model": "m", "input_key": "k", "tools": [{"name": "f"}]}
    send(project, row())
    assert reasons(send(project, row(**{field: values.get(field, {"a": 1})}))) == [(0, "conflict", "")]


def test_late_parts_fill_gaps_without_the_body(project: Project) -> None:
    send(project, row())
    late = {name: FULL[name] for name in ("passages", "usage", "cost", "latency_ms", "trace_id", "feedback", "tags")}
    assert send(project, {"external_id": "r1", **late}).filled == 1
    assert send(project, {"external_id": "r1", **late}).repeated == 1
    response = Response.objects.get()
    assert (response.trace_id, response.latency_ms, response.input_tokens) == ("t", 813, 100)
    assert (response.cost_is_given, response.has_feedback, response.tags) == (True, True, ["a", "b"])
    assert response.passages.count() == 1


def test_late_parts_never_overwrite(project: Project) -> None:
    send(project, FULL)
    other = {"external_id": "full", "latency_ms": 1, "cost": 9, "trace_id": "x", "segment": "tin",
             "tags": ["z"], "passages": [{"text": "other"}],
             "feedback": [{"kind": "thumb", "score": 0}]}  # fmt: skip
    assert send(project, other).repeated == 1
    assert send(project, {"external_id": "full", "feedback": [{"kind": "stars", "score": 4}]}).filled == 1
    response = Response.objects.get()
    assert (response.latency_ms, response.trace_id, response.segment) == (813, "t", "gold")
    assert list(response.user_feedback.order_by("kind").values_list("kind", "score")) == [("stars", 4), ("thumb", 1)]


def test_parts_of_a_response_that_is_not_known_are_refused(project: Project) -> None:
    assert reasons(send(project, {"external_id": "later", "latency_ms": 3})) == [(0, "unknown", "/external_id")]


def test_a_withdrawn_consent_counts_and_a_late_one_does_not(project: Project) -> None:
    send(project, row(consent=True))
    assert send(project, row(consent=False)).filled == 1
    assert send(project, row(consent=True)).repeated == 1
    assert Response.objects.get().consent is False


def test_a_row_without_an_id_gets_one_from_what_it_says(project: Project) -> None:
    anonymous = {"prompt": "How long?", "output": "Thirty days."}
    result = send(project, anonymous, anonymous, {**anonymous, "trace_id": "t"})
    assert (result.accepted, result.repeated) == (2, 1)
    assert all(name.startswith("auto-") for name in Response.objects.values_list("external_id", flat=True))


def test_a_missing_cost_comes_from_the_price_of_that_day(project: Project) -> None:
    model = LanguageModel.objects.create(project=project, provider="acme", name="m")
    Price.objects.create(project=project, model=model, valid_from=date(2026, 1, 1), input=1, output=2)
    Price.objects.create(
        project=project, model=model, valid_from=date(2026, 5, 1), input=2, cached_input="0.5", output=4
    )
    usage = {"input_tokens": 1000, "cached_tokens": 400, "output_tokens": 3}
    common = {"model": "m", "provider": "acme", "usage": usage}
    send(
        project,
        row("old", responded_at="2026-04-30T23:59:59Z", **common),
        row("new", responded_at="2026-05-01T00:00:00Z", **common),
        row("given", responded_at="2026-05-02T00:00:00Z", cost=0.5, **common),
        row("before", responded_at="2025-05-02T00:00:00Z", **common),
        row("late", responded_at="2026-05-02T00:00:00Z", model="m", provider="acme"),
    )
    assert send(project, {"external_id": "late", "usage": usage}, {"external_id": "new", "cost": 1}).filled == 2
    costs = dict(Response.objects.values_list("external_id", "cost"))
    assert costs == {"old": Decimal("0.001006"), "new": Decimal(1), "given": Decimal("0.5"), "before": None,
                     "late": Decimal("0.001412")}  # fmt: skip
    assert Price.objects.latest("valid_from").of(1, 0) == Decimal("0.000002")


def test_names_are_made_once_and_a_known_version_keeps_its_text(project: Project) -> None:
    version = {"name": "claims", "version": "v1"}
    send(project, row("a", prompt_version=version, model="m"), row("b", prompt_version=version, model="m"))
    assert send(project, row("c", prompt_version={**version, "template": "Answer"})).accepted == 1
    result = send(project, row("d", prompt_version={**version, "template": "Other"}))
    assert reasons(result) == [(0, "conflict", "/prompt_version/template")]
    assert (PromptVersion.objects.get().template, LanguageModel.objects.count()) == ("Answer", 1)


def test_one_bad_row_of_a_thousand_loses_no_other(project: Project) -> None:
    rows = [row(f"r{number}") for number in range(1000)]
    rows[617]["usage"] = {"input_tokens": "many"}
    result = send(project, *rows)
    assert (result.accepted, reasons(result)) == (999, [(617, "invalid", "/usage/input_tokens")])
    assert result.refused[0].external_id == "r617"


def test_the_batch_counts_what_its_rows_became(project: Project) -> None:
    send(project, *(row(f"r{number}") for number in range(CHUNK_ROWS + 1)))
    send(project, row("r0"), row("r1", latency_ms=4), row("r2", output="x"), row("new"))
    batch = IngestBatch.objects.latest("pk")
    assert (batch.accepted, batch.repeated, batch.filled, batch.refused) == (1, 1, 1, 1)
    assert batch.finished_at
    assert IngestBatch.objects.earliest("pk").accepted == CHUNK_ROWS + 1


def test_prompt_versions_and_models_share_their_input(project: Project) -> None:
    messages = [{"role": "system", "content": "A"}, {"role": "user", "content": "How long?"}]
    other = [{"role": "system", "content": "B"}, {"role": "user", "content": "How long?"}]
    send(project, row("a", prompt=None, messages=messages, model="m"), row("b", prompt=None, messages=other, model="n"))
    send(project, row("c", input_key="k1"), row("d", prompt="Other?", input_key="k1"))
    send(project, row("e", variables={"q": "HOW  long?"}))
    found = dict(Response.objects.values_list("external_id", "input_hash"))
    assert found["a"] == found["b"] == input_hash(input_key="", variables=None, messages=messages)
    assert found["c"] == found["d"] != found["a"]
    folds = dict(Response.objects.values_list("external_id", "fold_hash"))
    assert folds["a"] == folds["e"]


def test_projects_do_not_share_ids(project: Project, other_project: Project) -> None:
    send(project, row())
    assert send(other_project, row(output="Another.")).accepted == 1
    assert send(other_project, {"external_id": "r1", "latency_ms": 1}).filled == 1
    assert Response.objects.get(project=project).latency_ms is None


def test_a_chunk_takes_few_statements(project: Project, django_assert_max_num_queries: Any) -> None:
    rows = [{**FULL, "external_id": str(number)} for number in range(60)]
    send(project, rows[0])
    batch = IngestBatch.objects.create(project=project, source="file")
    with django_assert_max_num_queries(22):
        ingest_rows(project, rows[1:], batch=batch)
    with django_assert_max_num_queries(12):
        ingest_rows(project, rows, batch=batch)


@pytest.mark.django_db(transaction=True)
def test_eight_senders_of_the_same_rows_store_each_once() -> None:
    project = make.project()
    rows = [{**FULL, "external_id": f"r{number}", "prompt_version": {"name": "p", "version": number % 3}}
            for number in range(1000)]  # fmt: skip

    def deliver(turn: int) -> IngestResult:
        try:
            return ingest_rows(project, rows[turn * 100 :] + rows[: turn * 100], batch=None)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(deliver, range(8)))
    assert [result.n_refused for result in results] == [0] * 8
    assert sum(result.accepted for result in results) == 1000
    assert sum(result.repeated for result in results) == 7000
    assert Response.objects.count() == ResponseBody.objects.count() == 1000
    assert Passage.objects.count() == UserFeedback.objects.count() == 1000


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_whoever_holds_an_id_is_a_writer_that_sampling_can_see() -> None:
    own = "SELECT backend_xid IS NOT NULL FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    _new_ids(1)  # from here on the sequence writes no log for a while
    with transaction.atomic(), connection.cursor() as cursor:
        _new_ids(1)
        cursor.execute(own)
        assert cursor.fetchone() == (True,)
