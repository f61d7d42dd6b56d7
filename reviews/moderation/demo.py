"""The demo's care for quality: gold with a rate, rankings, a decided dispute, a question, what critics doubt put before
people who see the critic, and figures of reviewers.

Comes last: what it adds is in no dataset of the demo.
"""

from __future__ import annotations

import random
import uuid
from decimal import Decimal
from typing import Any

from feedback.accounts.demo import FORMER
from feedback.accounts.models import Member, Project
from feedback.jobs import run
from feedback.judgements.record import criteria_of
from feedback.responses import subjects
from feedback.responses.demo import wrong_answer
from feedback.responses.models import Response
from feedback.rubrics.ready import ranked_rubric
from reviews.quality import gold_make
from reviews.quality.adjudicate import adjudicate
from reviews.quality.demo import HABITS, Habit, judged
from reviews.quality.gold_models import GoldItem, GoldSetting
from reviews.quality.models import Adjudication, Analysis, HourlyCost, ReviewerAttribute, StatedAttribute
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim, release
from reviews.queues.demo import GROUNDED
from reviews.queues.escalate import raise_escalation
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from reviews.queues.proposals import Proposal, proposals_of
from reviews.queues.submit import submit
from reviews.sampling.models import SamplingRule, SamplingRun

RANKING, RANKED_ITEMS, N_GOLD = "rank-four-answers", 10, 6
DOUBTED, DOUBTED_ITEMS = "what-critics-doubt", 16
EACH = {DOUBTED: 6, GROUNDED: 3}  # reviews by each of the crowd; those of suspects are in no figure by group
LEAVES_OPEN = 0.15  # chance that nobody answers a proposal
# What people say they come from, and how such people judge.
BACKGROUNDS = {"Insurance": Habit(0.1, -1, False), "Customer care": Habit(0.35, 1, False)}
WHY = "The source names another figure; a customer would act on the wrong one."


def fill(project: Project) -> None:
    if GoldItem.objects.filter(project=project).exists():
        return
    moderator = Member.objects.filter(project=project, role="moderator").first()
    assert moderator is not None
    fill_gold(project, moderator)
    fill_ranking(project)
    decide_one(project, moderator)
    ask_something(project)
    fill_doubted(project)
    HourlyCost.put(project, Decimal(28), "USD")
    for kind in Analysis.Kind:
        run(Analysis, Analysis.ask(project, kind, {}).pk)


def fill_gold(project: Project, moderator: Member) -> None:
    """Verdicts of which nobody doubts become gold: one review in twenty is of it."""
    queue = project.queues.get(key=GROUNDED)
    verdicts = project.verdicts.filter(origin=GROUNDED, is_current=True, answers__grounded__share=1.0).order_by("pk")
    for verdict in verdicts[:N_GOLD]:
        item = queue.items.newest().select_related("queue__rubric_version", "subject").get(subject=verdict.subject_id)
        expected = {"grounded": verdict.answers["grounded"]["value"]}
        gold_make.make(item, expected, moderator, origin=GoldItem.Origin.VERDICT)
    GoldSetting.objects.get_or_create(project=project, queue=queue, defaults={"rate": 0.05, "seed": "demo"})


def fill_ranking(project: Project) -> None:
    """Four answers to one question, put into an order by the three who reviewed before; some are left."""
    queue, _ = Queue.objects.get_or_create(
        project=project, key=RANKING,
        defaults={"name": "Rank four answers", "rubric_version": ranked_rubric(project), "k": 3, "grace_seconds": 0},
    )  # fmt: skip
    by_input: dict[str, list[int]] = {}
    for pk, name in Response.objects.filter(project=project).order_by("pk").values_list("pk", "input_hash"):
        by_input.setdefault(name, []).append(pk)
    sets = [ids[:4] for ids in by_input.values() if len(ids) >= 4][:RANKED_ITEMS]
    add_items(queue, [subject.pk for subject in subjects.sets(project, sets)])
    draw = random.Random(7)
    people = Member.objects.select_related("user", "project").filter(project=project, user__email__in=list(HABITS))
    for person in people.order_by("pk"):
        assert person.user is not None
        for _ in range(RANKED_ITEMS - 3):
            rank(queue, person, HABITS[person.user.email].misses, draw)
    settle_complete_items()
    Queue.objects.filter(pk=queue.pk).update(grace_seconds=60)


def rank(queue: Queue, person: Member, misses: float, draw: random.Random) -> None:
    """Answers without a fault first, the shorter before the longer; what is wrong last, in one place."""
    held = claim(queue, person)
    if held is None:
        return
    shown = held.item.subject.shown(held.shown_order)
    wrong = {one.pk for one in shown if wrong_answer(one.body.output) and draw.random() > misses}
    good = sorted((one for one in shown if one.pk not in wrong), key=lambda one: (len(one.body.output), one.pk))
    tiers = [[one.pk] for one in good] + ([sorted(wrong)] if wrong else [])
    if len(good) > 1 and draw.random() < 0.25:
        tiers[:2] = [tiers[1], tiers[0]]
    key = next(criterion.key for criterion in criteria_of(queue.rubric_version) if criterion.kind == "ranking")
    name, ms = uuid.UUID(int=draw.getrandbits(128)), draw.randrange(20_000, 90_000)
    submit(held.token, person, {key: tiers}, submission_id=name, active_ms=ms)


def decide_one(project: Project, moderator: Member) -> None:
    """One dispute is settled, with a reason that its reviewers read; the others wait for a visitor."""
    open_ones = Adjudication.objects.filter(project=project, item__queue__key=GROUNDED).open().by_worth()
    for dispute in open_ones.select_related("item__queue__rubric_version"):
        kinds = {one.key: one.kind for one in criteria_of(dispute.item.rubric_version)}
        if {kinds[key] for key in dispute.disputed} <= {"yes_no"}:
            no = dict.fromkeys(dispute.disputed, "no")
            adjudicate(dispute.item, moderator, no, dict.fromkeys(dispute.disputed, WHY))
            return


def ask_something(project: Project) -> None:
    """A reviewer does not know, and asks."""
    queue = project.queues.get(key=GROUNDED)
    person = Member.objects.select_related("user", "project").get(project=project, user__email="ines@example.org")
    held = claim(queue, person)
    if held is not None:
        raise_escalation(held, "The answer is right, but the rule it quotes ended last year. Is that grounded?")
        release(held, soon=False)


def fill_doubted(project: Project) -> None:
    """What the critic doubts is drawn, and judged by ten people who see its proposals and said where they come from;
    they judge some of the ordinary queue too.
    """
    version = project.queues.get(key=GROUNDED).rubric_version
    choices: dict[str, Any] = {"name": "What critics doubt", "rubric_version": version, "k": 5}
    queue = Queue.objects.create(project=project, key=DOUBTED, shows_critic=True, **choices)
    rule = SamplingRule.objects.create(project=project, key=DOUBTED, name="What critics doubt")
    said = {"critic": "grounding", "critic_label": "not grounded"}
    rule.revise(queue=queue, method="size", size=DOUBTED_ITEMS, seed=DOUBTED, filter=said)
    run(SamplingRun, rule.start(by=None).pk)
    draw, crowd = random.Random(17), state_backgrounds(project)
    for queue in project.queues.filter(key__in=EACH).select_related("rubric_version").order_by("-pk"):
        Queue.objects.filter(pk=queue.pk).update(grace_seconds=0)
        for person, background in crowd * EACH[queue.key]:
            look_again(queue, person, BACKGROUNDS[background], draw)
        settle_complete_items()
        Queue.objects.filter(pk=queue.pk).update(grace_seconds=60)


def state_backgrounds(project: Project) -> list[tuple[Member, str]]:
    """Reviewers without links, one half from each background, as they stated it."""
    offered = {"key": "background", "label": "Background", "choices": list(BACKGROUNDS)}
    attribute = ReviewerAttribute.objects.create(project=project, **offered)
    emails = [email for email, _, _ in FORMER]
    people = Member.objects.select_related("user", "project").filter(project=project, user__email__in=emails)
    found = [(person, list(BACKGROUNDS)[number % 2]) for number, person in enumerate(people.order_by("pk"))]
    StatedAttribute.objects.bulk_create(
        StatedAttribute(project=project, attribute=attribute, member=person, value=value) for person, value in found
    )
    return found


def look_again(queue: Queue, person: Member, habit: Habit, draw: random.Random) -> None:
    """A review that accepts what is wrong indeed, rejects most of what is not, and leaves some of it open."""
    held = claim(queue, person)
    if held is None:
        return
    response = held.item.subject.shown(held.shown_order)[0]
    wrong = wrong_answer(response.body.output) if draw.random() > habit.misses else None
    answers, rejected = judged(queue, response, wrong, habit), []
    for proposal in proposals_to(held, response):
        if draw.random() < LEAVES_OPEN:
            continue
        if wrong:
            spans = next(one.key for one in criteria_of(queue.rubric_version) if one.kind == "spans")
            answers.setdefault(spans, []).append(taken_over(proposal))
        else:
            rejected.append(proposal["key"])
    name, ms = uuid.UUID(int=draw.getrandbits(128)), draw.randrange(15_000, 80_000)
    submit(held.token, person, answers, submission_id=name, active_ms=ms, rejected=rejected)


def proposals_to(held: Assignment, response: Response) -> list[Proposal]:
    """As the desk shows them."""
    return proposals_of(held, [response], criteria_of(held.rubric_version))


def taken_over(proposal: Proposal) -> dict[str, Any]:
    return {name: proposal[name] for name in ("response", "start", "end", "quote", "kind", "severity", "note")}
