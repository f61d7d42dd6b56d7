"""A small world for the browser: responses with emoji, two queues, rules that fill them, a dataset."""

from __future__ import annotations

from dataclasses import dataclass

from feedback.accounts.models import Member, Project
from feedback.datasets.models import Dataset
from feedback.datasets.rule import Rule
from feedback.jobs import Job, run
from feedback.responses.models import Response
from feedback.rubrics.ready import helpfulness_rubric, pairwise_rubric
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from reviews.sampling.models import SamplingRule
from tests import make

# Families, skin tones, flags and combining marks: each is several code points, some several UTF-16 units.
OUTPUT = "Hello 👩‍👩‍👧‍👦! Your café 🧥 is insured up to €5,000 👍🏽, worldwide 🌍 except 🇫🇷."
SOURCE = "Clothing 🧥 is insured up to €500 per item. Cafés are not insured."
NOTHING_SEALED = {"train": 0.8, "validation": 0.2, "test": 0.0}


@dataclass
class World:
    project: Project
    curator: Member
    reviewer: Member
    single: Queue
    pairs: Queue
    rules: list[SamplingRule]
    marked: Response
    dataset: Dataset


def build() -> World:
    project = make.project("travel", name="Travel assistant")
    curator = make.member(project, "curator", name="Cleo Curator")
    reviewer = make.member(project, "reviewer", name="Rita Reviewer")
    single = make.queue(
        project, rubric_version=helpfulness_rubric(project), k=1, grace_seconds=600, key="groundedness",
        name="Groundedness",
    )  # fmt: skip
    pairs = make.queue(
        project, rubric_version=pairwise_rubric(project), k=1, grace_seconds=600, key="pairs", name="Which is better"
    )
    marked = make.response(project, OUTPUT, question="Is my jacket insured?", passages=[SOURCE])
    make.response(project, "We **pay** within 14 days.", question="When do you pay?", passages=["Within 14 days."])
    for number, question in enumerate(["How long is the trip?", "Can I extend it?"]):
        for model in ("small-1", "large-1"):
            make.response(project, f"Up to {number + 6} weeks, says {model[:5]}.", question=question, model_name=model)
    rules = [
        make.sampling_rule(single, rate=1.0, filter={"model": "small-1"}),
        make.sampling_rule(pairs, rate=1.0),
    ]
    rule = Rule(min_votes=1).as_json()
    dataset = Dataset.objects.create(
        project=project, key="better", name="Better answers", rule=rule, shares=NOTHING_SEALED
    )
    return World(project, curator, reviewer, single, pairs, rules, marked, dataset)


def work(model: type[Job]) -> None:
    """What a worker does when the bell rings."""
    for pk in model.objects.unfinished().values_list("pk", flat=True):
        run(model, pk)


def let_the_grace_pass() -> None:
    """The time in which reviews can be undone is over; the sweep settles what is complete."""
    Item.objects.filter(state=Item.State.COMPLETE).update(settle_after="2026-01-01T00:00Z")
    settle_complete_items()


def make_first(world: World) -> None:
    """The item with the emoji comes first, whatever its draw key is."""
    marked = Item.objects.get(queue=world.single, subject__parts__response=world.marked)
    marked.places.update(lane=0, pos=1)
    world.single.lanes.filter(number=0).update(next_pos=2)
