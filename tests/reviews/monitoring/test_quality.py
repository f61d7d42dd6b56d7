"""Rates by prompt version: weighting is undone, and what was not drawn stays out."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.statistics.intervals import wilson
from reviews.monitoring.facts import Settled
from reviews.monitoring.quality import MINIMUM, Quality, difference, quality_of
from tests import make
from tests.reviews.monitoring.conftest import Judge


def measured(project: Project, *versions: PromptVersion) -> Quality:
    found = quality_of(Settled(project), [version.pk for version in versions], {})
    return found.get(versions[0].pk if versions else None, Quality())


def test_a_uniform_draw_gets_wilsons_interval(
    project: Project, judge: Judge, v7: PromptVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(25):
        judge(v7, wrong=number < 5, pi=0.2)
    with django_assert_num_queries(5):
        rate = measured(project, v7).rate("hallucination")
    assert rate is not None
    assert (rate.low, rate.high) == pytest.approx(wilson(5, 25))
    assert (rate.value, rate.n, rate.effective, rate.is_weighted) == (0.2, 25, 25, False)


def test_a_weighted_draw_is_never_its_naive_mean(project: Project, judge: Judge, v7: PromptVersion) -> None:
    """Suspects were drawn ten times as often: 20 of 40 labels are wrong, and about one in eleven answers is."""
    for number in range(40):
        judge(v7, wrong=number < 20, pi=1.0 if number < 20 else 0.1)
    rate = measured(project, v7).rate("hallucination")
    assert rate is not None
    assert rate.is_weighted
    assert rate.value == pytest.approx(20 / 220)
    assert rate.low < rate.value < rate.high < 0.5


def test_the_database_adds_up_what_a_sample_by_hand_does(project: Project, judge: Judge, v7: PromptVersion) -> None:
    source = random.Random(5)
    drawn = [(source.random() < 0.3, source.choice([0.1, 0.25, 0.9])) for _ in range(80)]
    for wrong, pi in drawn:
        judge(v7, wrong=wrong, pi=pi)
    rate = measured(project, v7).rate("failure")
    weights = sum(1 / pi for _, pi in drawn)
    assert rate is not None
    assert rate.value == pytest.approx(sum(1 / pi for wrong, pi in drawn if wrong) / weights)


def test_what_was_judged_without_a_draw_stands_apart(project: Project, judge: Judge, v7: PromptVersion) -> None:
    for _ in range(MINIMUM):
        judge(v7)
    for number in range(7):
        judge(v7, wrong=number < 6, pi=None)
    quality = measured(project, v7)
    rate = quality.rate("hallucination")
    assert rate is not None
    assert (rate.value, rate.n) == (0, MINIMUM)
    assert quality.apart("hallucination") == (6, 7)


def test_a_rule_that_draws_suspects_says_nothing_about_the_rest(
    project: Project, judge: Judge, v7: PromptVersion
) -> None:
    suspects = make.sampling_rule(make.queue(project), rate=1.0, filter={"feedback_below": 1})
    anyone = make.sampling_rule(make.queue(project), rate=0.5, filter={"environment": "production", "tag": ""})
    judge(v7, wrong=True, pi=1.0, rule_label=f"{suspects.key} v1")
    judge(v7, rule_label=f"{anyone.key} v1")
    quality = measured(project, v7)
    assert quality.judged("hallucination") == 1
    assert quality.apart("hallucination") == (1, 1)


def test_too_few_is_no_rate(project: Project, judge: Judge, v7: PromptVersion) -> None:
    for _ in range(MINIMUM - 1):
        judge(v7, cost=Decimal("0.01"))
    quality = measured(project, v7)
    assert quality.rate("failure") is None
    assert quality.cost_per_passed() is None
    judge(v7, pi=0.001)
    assert quality.rate("failure") is None, "20 labels of which one outweighs all others are worth one"


def test_superseded_verdicts_pairs_and_other_versions_do_not_count(
    project: Project, judge: Judge, v6: PromptVersion, v7: PromptVersion
) -> None:
    judge(v7)
    judge(v7, wrong=True, is_current=False)
    judge(v6, wrong=True)
    judge(None, wrong=True)
    two = make.subject(make.response(project, prompt_version=v7), make.response(project, prompt_version=v7))
    make.verdict(two, make.rubric_version(project, subject_size=2), [], is_failure=True)
    assert measured(project, v7).judged("failure") == 1
    assert quality_of(Settled(project), [], {})[None].judged("failure") == 1


def test_only_the_responses_asked_for_count(project: Project, judge: Judge, v7: PromptVersion) -> None:
    judge(v7, origin="replay", wrong=True)
    judge(v7)
    found = quality_of(Settled(project), [v7.pk], {"origin": "production"})
    assert found[v7.pk].judged("failure") == 1


def test_a_passed_answer_carries_the_cost_of_the_failed_ones(project: Project, judge: Judge, v7: PromptVersion) -> None:
    """30 answers at 0.02 each, 20 pass: 0.03 for each that passes; the interval by the delta method."""
    for number in range(30):
        judge(v7, wrong=number < 10, cost=Decimal("0.02"))
    amount = measured(project, v7).cost_per_passed()
    assert amount is not None
    assert amount.value == pytest.approx(0.03)
    assert amount.n == 20
    reach = 1.959964 * (20 * 0.01**2 + 10 * 0.02**2) ** 0.5 / 20
    assert (amount.low, amount.high) == pytest.approx((0.03 - reach, 0.03 + reach))


def test_a_difference_needs_two_rates(project: Project, judge: Judge, v7: PromptVersion) -> None:
    for _ in range(MINIMUM):
        judge(v7)
    rate = measured(project, v7).rate("failure")
    assert difference(rate, None) is None
    gap = difference(rate, rate)
    assert gap is not None
    assert gap.low == pytest.approx(-gap.high)
