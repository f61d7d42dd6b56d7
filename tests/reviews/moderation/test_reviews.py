"""Invalidating and restoring a review: what it would do is said before it is done."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member, Project
from feedback.datasets.models import PreferencePair, VersionRow
from reviews.moderation import act, preview
from reviews.queues.models import Item
from tests import make, world


def test_the_preview_names_place_verdict_and_people(settled: Item, reviewer: Member, of: Any) -> None:
    said = " ".join(preview.of_invalidation(of.turn(settled)).sentences)
    assert "One place of the item opens again: somebody new is asked. 1 person could take it." in said
    assert "(by 2 reviews, consensus) ends at once" in said
    assert "dataset" not in said


def test_the_preview_names_the_datasets_that_used_it(project: Project, settled: Item, of: Any) -> None:
    verdict = of.verdict(settled)
    pairs, cases, other = (world.version(project) for _ in range(3))
    message = [{"role": "assistant", "content": "Yes."}]
    PreferencePair.objects.create(
        project=project, version=pairs, position=0, pair_id="p", group_id="g", split="train", source="correction",
        criterion="rewrite", verdict=verdict, rejected_response=settled.subject.shown()[0], prompt=message,
        chosen=message, rejected=message, n_votes=1, votes_for=1, votes_against=0, votes_tied=0, vote_share=1.0,
        provenance={},
    )  # fmt: skip
    VersionRow.objects.create(project=project, version=cases, kind="case", position=0, key=str(verdict.pk), data={})
    VersionRow.objects.create(project=project, version=other, kind="case", position=0, key="0", data={})
    effects = preview.of_invalidation(of.turn(settled))
    assert effects.versions == [cases, pairs]
    assert "2 dataset versions were built with it" in effects.sentences[-1]


def test_the_page_shows_the_effects_and_does_it(
    pages: Any, settled: Item, of: Any, django_assert_max_num_queries: Any
) -> None:
    turn = of.turn(settled)
    with django_assert_max_num_queries(18):
        page = pages.get("review-act", pk=turn.pk, act_name="invalidate")
    assert "ends at once" in page.text
    assert str(turn.reviewer) not in page.text
    missing = pages.post("review-act", {"reason": ""}, pk=turn.pk, act_name="invalidate")
    assert missing.status_code == 422
    assert pages.post("review-act", {"reason": "A machine."}, pk=turn.pk, act_name="invalidate").status_code == 303
    turn.refresh_from_db()
    assert turn.state == "invalidated"
    shown = pages.get("item-detail", pk=settled.pk).text
    assert "Not counted" in shown
    assert "A machine." in shown
    again = pages.post("review-act", {"reason": "Again."}, pk=turn.pk, act_name="invalidate")
    assert (again.status_code, "Again." in again.text) == (422, True)


def test_restoring_says_whether_it_counts(pages: Any, settled: Item, of: Any) -> None:
    turn = of.turn(settled)
    act.invalidate(turn, pages.member, "A machine.")
    assert "the review counts again" in pages.get("review-act", pk=turn.pk, act_name="restore").text
    assert pages.post("review-act", {"reason": "A person."}, pk=turn.pk, act_name="restore").status_code == 303
    turn.refresh_from_db()
    assert turn.state == "submitted"


def test_what_never_counted_changes_nothing(settled: Item, of: Any) -> None:
    turn = of.turn(settled)
    turn.state = "surplus"
    assert preview.of_invalidation(turn).sentences[0].startswith("It was kept and never counted")


def test_a_turn_without_a_review_or_of_another_project_is_not_there(
    pages: Any, project: Project, other_project: Project, of: Any
) -> None:
    held = world.assignment(project, make.member(project))
    foreign = of.turn(of.item(other_project, of.good))
    for turn in (held, foreign):
        assert pages.get("review-act", pk=turn.pk, act_name="invalidate").status_code == 404
