"""What was added up is what the rows say: before the sweep, after it, and while things change."""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.judgements.verdicts import end_current
from feedback.prompts.models import PromptVersion
from feedback.responses.ingest import ingest_rows
from feedback.responses.models import ChangedDay, IngestBatch, Response
from reviews.monitoring import addup, facts
from reviews.monitoring.days import Days, outside, summary
from reviews.monitoring.facts import Settled
from reviews.monitoring.invariants import INVARIANTS
from reviews.monitoring.models import AddedDay, ResponseDay, VerdictFact
from reviews.monitoring.progress import pairs_ready, progress_of, votes_of
from reviews.monitoring.quality import quality_of
from reviews.monitoring.scope import Scope, form_of, scope_of
from reviews.monitoring.tasks import add_up as task
from reviews.monitoring.traffic import traffic_of
from reviews.queues.models import Queue
from tests import make
from tests.reviews.monitoring.conftest import Judge

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def sent(project: Project, external_id: str, *, days: int = 0, **fields: Any) -> None:
    at = (NOW - timedelta(days=days)).isoformat()
    row = {"external_id": external_id, "messages": [{"role": "user", "content": "?"}], "output": "Yes.", "model": "m"}
    batch = IngestBatch.objects.create(project=project, source="api")
    assert ingest_rows(project, [{**row, "responded_at": at, **fields}], batch=batch).n_refused == 0


def scoped(project: Project, query: str = "") -> Scope:
    form, recent = form_of(project, QueryDict(query))
    return scope_of(project, form, recent)


def rounded(value: Any) -> Any:
    """Sums of floats in another order differ in their last digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return rounded(vars(value)) if is_dataclass(value) else value


def broken() -> list[Any]:
    return [found for invariant in INVARIANTS for found in invariant.violations()]  # type: ignore[union-attr]


def figures(project: Project) -> list[Any]:
    """All that pages show of responses and verdicts."""
    settled, versions = Settled(project), list(project.promptversions.values_list("pk", flat=True))
    traffic = traffic_of(scoped(project, "days=all"))
    rates = {
        version: [(quality.rate(name), quality.apart(name)) for name in ("hallucination", "harm", "failure")]
        + [quality.cost_per_passed()]
        for version, quality in quality_of(settled, versions, {}).items()
    }
    votes = votes_of(project, list(project.queues.select_related("rubric_version")))
    found: list[Any] = rounded([traffic, rates, votes, pairs_ready(settled), progress_of(project)])
    return found


@pytest.fixture
def busy(project: Project, judge: Judge, v6: PromptVersion, v7: PromptVersion) -> Project:
    """Responses of several days, origins and versions, and verdicts of every outcome."""
    for number in range(30):
        at = NOW - timedelta(days=number % 4)
        told = {"cost": Decimal(number) / 1000, "responded_at": at}
        judge(v7, wrong=number < 6, pi=1.0 if number < 6 else 0.1, **told)
        judge(v6, wrong=number % 3 == 0, pi=None if number % 5 == 0 else 0.5, **told)
    Response.objects.filter(prompt_version=v6).update(environment="staging", input_tokens=9, output_tokens=3)
    return project


def test_pages_show_the_same_before_and_after_the_sweep(busy: Project) -> None:
    before = figures(busy)
    task()
    assert AddedDay.objects.filter(project=busy).count() == 4
    assert VerdictFact.objects.count() == 60
    assert not Settled(busy).read
    assert figures(busy) == before
    assert broken() == []


def test_a_filter_finds_the_same_in_sums_and_rows(busy: Project, v6: PromptVersion) -> None:
    since = (NOW - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    for conditions in ({"environment": "staging"}, {"responded_at__gte": since}, {"origin__in": ["replay"]}):
        before = rounded(Days(busy, conditions).sums("prompt_version"))
        rated = quality_of(Settled(busy), [v6.pk], conditions)
        addup.add_up()
        assert rounded(Days(busy, conditions).sums("prompt_version")) == before
        assert {k: q.judged("failure") for k, q in quality_of(Settled(busy), [v6.pk], conditions).items()} == {
            k: q.judged("failure") for k, q in rated.items()
        }
        AddedDay.objects.all().delete()
        VerdictFact.objects.all().delete()


def test_what_comes_in_later_counts_at_once_and_is_added_up_next(project: Project) -> None:
    sent(project, "a", days=1)
    addup.add_up()
    sent(project, "b", days=1)
    assert ChangedDay.objects.exists()
    assert sum(row["n"] for row in Days(project, {}).sums("day").values()) == 2
    assert ResponseDay.objects.get().n == 1
    assert addup.add_up() == 1
    assert not ChangedDay.objects.exists()
    assert ResponseDay.objects.get().n == 2
    assert broken() == []


def test_a_late_part_changes_sums_and_facts(project: Project, v7: PromptVersion) -> None:
    sent(project, "a", days=1, prompt_version={"name": "claims", "version": "v7"})
    response = Response.objects.get()
    make.verdict(make.subject(response), make.rubric_version(project), [], answers={}, is_failure=False)
    addup.add_up()
    sent(project, "a", days=1, prompt_version={"name": "claims", "version": "v7"}, cost=0.5)
    assert Response.objects.get().cost == Decimal("0.5")
    assert [row["spent"] for row in Days(project, {}).sums("day").values()] == [0.5]
    assert len(Settled(project).read) == 1
    addup.add_up()
    assert VerdictFact.objects.get().cost == 0.5
    assert broken() == []


def test_a_verdict_that_ends_is_out_at_once(busy: Project) -> None:
    addup.add_up()
    verdict = Verdict.objects.filter(project=busy).latest("pk")
    end_current(verdict.subject_id, verdict.rubric_version_id, verdict.origin)
    assert Settled(busy).read == [verdict.pk]
    assert Settled(busy).facts.count() == 59
    assert Settled(busy).verdicts.count() == 0
    addup.add_up()
    assert VerdictFact.objects.count() == 59


def test_very_many_without_a_fact_are_all_read_themselves(busy: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    addup.add_up()
    before = figures(busy)
    VerdictFact.objects.filter(pk__in=list(VerdictFact.objects.values_list("pk", flat=True)[:40])).delete()
    monkeypatch.setattr(facts, "MANY", 30)
    assert Settled(busy).is_unknown
    assert figures(busy) == before


def test_agreement_and_pairs_are_facts_too(project: Project) -> None:
    queue = make.queue(project, subject_size=2, criteria=make.PAIR_CRITERIA)
    for number, item in enumerate(make.items(queue, 3)):
        answer = {"kind": "comparison", "outcome": "preferred", "share": 1.0 if number else 0.5, "n": 2}
        make.verdict(item.subject, queue.rubric_version, [], answers={"better": answer}, origin=queue.key, n_reviews=2)
    queues = list(Queue.objects.select_related("rubric_version"))
    before = votes_of(project, queues), pairs_ready(Settled(project))
    assert before == ({queue.key: (2, 3)}, (2, 3))
    addup.add_up()
    assert (votes_of(project, queues), pairs_ready(Settled(project))) == before


def test_verify_finds_what_was_changed_by_hand(busy: Project) -> None:
    addup.add_up()
    ResponseDay.objects.filter(pk=ResponseDay.objects.latest("pk").pk).update(n=99)
    VerdictFact.objects.filter(pk=VerdictFact.objects.latest("pk").pk).update(weight=3)
    assert len(broken()) == 2


def test_one_sweep_has_an_end_and_archived_projects_rest(busy: Project, other_project: Project) -> None:
    assert addup.add_up(seconds=0) == 1
    busy.archive()
    assert addup.add_up() == 0


def test_another_project_is_not_in_the_sums(busy: Project, other_project: Project, admin: Member) -> None:
    addup.add_up()
    assert Days(other_project, {}).sums("day") == {}
    assert Settled(other_project).facts.count() == 0


def test_moments_outside_of_the_days_are_few_ranges(project: Project) -> None:
    day = NOW.date()
    made = [make.response(project, responded_at=NOW - timedelta(days=number)) for number in range(6)]
    left = Response.objects.filter(outside([day - timedelta(days=3), day - timedelta(days=2), day]))
    assert set(left) == {made[1], made[4], made[5]}


def test_the_summary_of_steps_takes_the_ranks_of_the_rows() -> None:
    assert summary({0: 1})[0] == pytest.approx(1.0, rel=0.01)
    steps = {100: 1, 200: 1}
    assert summary(steps)[0] == pytest.approx((1.02**100.5 + 1.02**200.5) / 2)
