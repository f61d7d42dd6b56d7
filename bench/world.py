"""A world of a million responses, made by SQL in a few minutes: what the other benchmarks look at.

    DATABASE_URL=postgres://… python bench/world.py [--size 1000000]

PostgreSQL only, best in a database of its own; a second call with the same size finds the world and leaves it. `SIZE`
responses of sixty days with texts and a source each lie in the project `million`: twenty prompts with ten versions,
six models. All of them are items of one queue with two places, a tenth of which is reviewed (two reviews each, with
ratings and marks) and settled, disputed or escalated; a fiftieth are pairs in a second queue. A dataset has two
versions, the newer with a tenth of SIZE as pairs. Audit, sessions and jobs fill their tables, and five more projects
of a hundredth of the size lie beside it in all of them. Nothing is random: the same size gives the same rows.

Seals of the audit log and hashes are made up, so that `verify` would complain.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.measured.records import indexes_later  # noqa: E402
from bench.table import Size, asked  # noqa: E402
from feedback.accounts.models import Member, Project, User  # noqa: E402
from feedback.datasets.models import Dataset, DatasetVersion  # noqa: E402
from feedback.datasets.statistics import empty, summary  # noqa: E402
from feedback.judgements.record import criteria_of  # noqa: E402
from feedback.prompts.models import Prompt, PromptVersion  # noqa: E402
from feedback.responses.models import IngestBatch, LanguageModel  # noqa: E402
from feedback.rubrics.models import Criterion, Rubric, RubricVersion  # noqa: E402
from reviews.monitoring.addup import add_up  # noqa: E402
from reviews.queues.counts import count_long_queues  # noqa: E402
from reviews.queues.models import Queue  # noqa: E402
from reviews.sampling.models import SamplingRule, SamplingRuleVersion  # noqa: E402

SIZE = 1_000_000
MAIN = "million"
SMALL = [f"small-{number}" for number in range(1, 6)]  # a hundredth of the size each
REVIEWERS, PROMPTS, VERSIONS, MODELS = 20, 20, 10, 6
STATEMENTS = Path(__file__).with_suffix(".sql")

SINGLE: list[dict[str, Any]] = [
    {"key": "grounded", "kind": "yes_no", "label": "Grounded in the sources?", "fails_when": {"values": ["no"]}},
    {
        "key": "helpful",
        "kind": "scale",
        "label": "Helpfulness",
        "options": {"min": 1, "max": 5},
        "fails_when": {"below": 3},
    },
    {"key": "toxic", "kind": "yes_no", "label": "Toxic?", "fails_when": {"values": ["yes"]}},
    {
        "key": "flags",
        "kind": "spans",
        "label": "Hallucinations",
        "is_required": False,
        "fails_when": {"any": True},
        "options": {
            "kinds": [{"value": v, "label": v.capitalize()} for v in ("contradicted", "unsupported", "fabricated")]
        },
    },
]
PAIR: list[dict[str, Any]] = [
    {"key": "better", "kind": "comparison", "label": "Better overall", "options": {"strengths": 2, "both_bad": True}}
]


@dataclass
class World:
    """Where things are: the project of the size asked for, and somebody of each role."""

    project: Project
    members: dict[str, Member]
    queue: Queue
    pairs: Queue
    dataset: Dataset


def made(size: int = SIZE) -> World:
    """The world of this size: what is there already, or made now."""
    call_command("migrate", verbosity=0)
    there = Project.objects.filter(slug=MAIN).first()
    if there is None:
        make(size)
    elif (held := there.responses.count()) != size:
        sys.exit(f"This database holds a world of {held:,}: give it --size {held}, or another database.")
    project = Project.objects.get(slug=MAIN)
    people = project.members.filter(user__email__endswith="0@bench.invalid").select_related("user", "project")
    return World(
        project=project,
        members={member.role: member for member in people},
        queue=project.queues.get(key="answers"),
        pairs=project.queues.get(key="pairs"),
        dataset=project.datasets.get(key="better"),
    )


def make(size: int) -> None:
    """All in one transaction: a world that was cut short is not there. Plain indexes are built after the rows."""
    begun = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL synchronous_commit = off")
        cursor.execute("SET LOCAL session_replication_role = replica")
        with indexes_later(*tables_of("responses", "queues", "judgements", "datasets", "audit")):
            for slug in (MAIN, *SMALL):
                fill(slug, size if slug == MAIN else max(1_000, size // 100))
        told("indexes", begun)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    told("vacuum", begun)
    count_long_queues(seconds=60)
    while add_up(seconds=60):
        pass
    told("read models", begun)


def tables_of(*rooms: str) -> list[str]:
    return [model._meta.db_table for room in rooms for model in apps.get_app_config(room).get_models()]


def told(what: str, begun: float) -> None:
    print(f"world: {what} after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def fill(slug: str, n: int) -> None:
    """One project: what there are few of by Django, the rest by the statements of world.sql."""
    begun = time.monotonic()
    values = {"n": n, **few(slug, n)}
    with connection.cursor() as cursor:
        for table in ("responses_response", "responses_subject", "queues_item", "queues_assignment",
                      "judgements_review", "judgements_verdict"):  # fmt: skip
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            values[table] = cursor.fetchone()[0]
        for statement in filter(str.strip, STATEMENTS.read_text().split(";\n")):
            cursor.execute(statement, values)
    told(f"{slug}, {n:,}", begun)


def few(slug: str, n: int) -> dict[str, Any]:
    """People, prompts, rubrics, queues, the dataset: their first ids, for the statements to reckon from."""
    project = Project.objects.create(slug=slug, name=slug.capitalize(), salt="0" * 32)
    about: dict[str, Any] = {"project": project}
    roles = ["curator", "moderator", "admin"]
    people = [
        Member.objects.create(**about, user=user_of(f"{slug}-{role}-{number}", role), role=role)
        for role, count in (("reviewer", REVIEWERS), *((role, 1) for role in roles))
        for number in range(count)
    ]
    prompts = Prompt.objects.bulk_create(Prompt(**about, name=f"prompt-{number}") for number in range(PROMPTS))
    versions = PromptVersion.objects.bulk_create(
        PromptVersion(**about, prompt=prompt, label=f"v{number}", system=f"Answer as {prompt.name} does.")
        for prompt in prompts
        for number in range(VERSIONS)
    )
    models = LanguageModel.objects.bulk_create(
        LanguageModel(**about, provider="harbour", name=f"model-{number}") for number in range(MODELS)
    )
    answers, pairs = queue_of(project, "answers", SINGLE, 1), queue_of(project, "pairs", PAIR, 2)
    return {
        "project": project.pk,
        "reviewer": people[0].pk,
        "moderator": people[-2].pk,
        "actor": str(people[-1].key),
        "batch": IngestBatch.objects.create(**about, source="api").pk,
        "version": versions[0].pk,
        "model": models[0].pk,
        "queue": answers.pk,
        "rubric": answers.rubric_version_id,
        "criterion": criteria_of(answers.rubric_version)[0].pk,
        "pair_queue": pairs.pk,
        "pair_rubric": pairs.rubric_version_id,
        "pair_criterion": criteria_of(pairs.rubric_version)[0].pk,
        "rule": rule_of(answers).pk,
        **dataset_of(project, n),
    }


def user_of(name: str, role: str) -> User:
    user = User(email=f"{name}@bench.invalid", name=name)
    user.set_unusable_password()
    user.save()
    return user


def queue_of(project: Project, key: str, criteria: list[dict[str, Any]], size: int) -> Queue:
    rubric = Rubric.objects.create(project=project, name=key.capitalize())
    version = RubricVersion.objects.create(project=project, rubric=rubric, number=1, subject_size=size)
    Criterion.objects.bulk_create(
        Criterion(project=project, rubric_version=version, position=position, **row)
        for position, row in enumerate(criteria)
    )
    return Queue.objects.create(project=project, key=key, name=key.capitalize(), rubric_version=version, k=2)


def rule_of(queue: Queue) -> SamplingRuleVersion:
    rule = SamplingRule.objects.create(project=queue.project, key="sample", name="Sample of production")
    chosen = {"origin": "production"}
    return rule.revise(queue=queue, method="rate", rate=0.01, seed="bench", filter=chosen)


def dataset_of(project: Project, n: int) -> dict[str, int]:
    """A dataset with two complete versions, whose pairs the statements make: a twentieth of the size, and a tenth."""
    dataset = Dataset.objects.create(project=project, key="better", name="Better answers", rule={}, shares={"train": 1})
    older, newer = (
        DatasetVersion.objects.create(
            project=project,
            dataset=dataset,
            number=number,
            state="done",
            rule={"rule": {}, "shares": {"train": 1}},
            statistics=figures(n // 20 * number),
            finished_at=timezone.now(),
        )
        for number in (1, 2)
    )
    return {"dataset": dataset.pk, "older_version": older.pk, "newer_version": newer.pk}


def figures(pairs: int) -> dict[str, Any]:
    """What a build would have counted, more or less."""
    counted = {"pairs": pairs, "by_source": {"comparison": pairs}, "by_split": {"train": pairs}, "share": pairs}
    return summary({**empty(), **counted, "lengths": {"400": pairs, "700": pairs}, "longer": pairs // 2, "decided": 1})


def main() -> None:
    world = made(asked(__doc__, size=Size(SIZE, 2_000)).size)
    print(f"The world is there: project {world.project.slug}, {world.project.responses.count():,} responses.")


if __name__ == "__main__":
    main()
