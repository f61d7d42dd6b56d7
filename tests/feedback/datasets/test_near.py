"""Questions that say nearly the same stay in one split, found by sketches that are kept."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import near
from feedback.datasets.groups import drawn_split
from feedback.datasets.leaks import pairs_across_splits
from feedback.datasets.models import Dataset, DatasetVersion, PromptSketch, SketchBucket
from feedback.text import likeness
from feedback.text.hashes import fold_hash
from tests import make
from tests.feedback.datasets.conftest import Built, Compared

WORDS = [f"word{n}" for n in range(2000)]


def question(seed: int, words: int = 80) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def changed(text: str, *places: int) -> str:
    """Other words at these places."""
    words = text.split()
    for at in places:
        words[at] = f"other{at}"
    return " ".join(words)


@pytest.fixture
def asked(project: Project, compared: Compared) -> Any:
    """`asked("May I …?")`: a settled comparison of two answers to this question."""

    def ask(text: str, **fields: Any) -> None:
        answers = (f"Yes {next(make.counter)}.", "No idea.")
        compared("AAA", pair=tuple(make.response(project, answer, question=text, **fields) for answer in answers))

    return ask


def places(version: DatasetVersion) -> dict[str, set[str]]:
    """The splits of each question."""
    found: dict[str, set[str]] = {}
    for prompt, split in version.pairs.values_list("prompt", "split"):
        found.setdefault(prompt[-1]["content"], set()).add(split)
    return found


@pytest.mark.usefixtures("partly_sealed")
def test_planted_near_questions_never_leak(asked: Any, built: Built) -> None:
    """D1: 30 questions, each again with one word in 80 changed, and in other letters, spaces and Unicode forms."""
    families = []
    for seed in range(30):
        text = question(seed)
        families.append([text, changed(text, 5 + seed), text.upper(), text.replace(" ", "\u00a0 "), f"{text} "])
        for one in families[-1]:
            asked(one)
    version = built()
    splits = places(version)
    together = [
        len(set.union(*(splits[one.strip()] for one in family if one.strip() in splits))) for family in families
    ]
    assert (version.counts["pairs"], together) == (150, [1] * 30)
    assert {split for some in splits.values() for split in some} == {"train", "validation", "test"}
    assert pairs_across_splits() == []


def test_what_comes_later_goes_where_its_like_is(asked: Any, built: Built, dataset: Dataset) -> None:
    texts = [question(seed) for seed in range(20)]
    for text in texts:
        asked(text)
    first = places(built())
    for text in texts:
        asked(changed(text, 40))
    dataset.shares = {"train": 0, "validation": 0, "test": 1}
    second = places(built())
    assert all(second[changed(text, 40)] == first[text] == second[text] for text in texts)


def test_a_question_between_two_splits_is_left_out_and_so_is_its_like(
    asked: Any, built: Built, dataset: Dataset
) -> None:
    base = next(text for text in map(question, range(99)) if len(set(drawn(dataset, text))) == 2)
    ends = [changed(base, 20), changed(base, 60)]
    assert [is_alike(base, ends[0]), is_alike(base, ends[1]), is_alike(*ends)] == [True, True, False]
    for text in ends:
        asked(text)
    first = places(built())
    asked(base)
    asked(changed(base, 79))
    for _ in range(2):
        version = built()
        assert version.counts["excluded"] == {"joins_two_splits": 2}
        assert places(version) == first


def drawn(dataset: Dataset, base: str) -> list[str]:
    """Where the two ends of a question would go if they came alone."""
    ends = [changed(base, 20), changed(base, 60)]
    return [drawn_split(dataset.salt, ("fold", fold_hash(end)), dataset.shares) for end in ends]


def is_alike(one: str, other: str) -> bool:
    return likeness.is_near(likeness.shingles(one), likeness.shingles(other))


def test_short_questions_are_the_same_only_when_they_are(asked: Any, built: Built, project: Project) -> None:
    for text in ("May I cancel today?", "May I cancel tomorrow?", "MAY I cancel today?"):
        asked(text)
    built()
    assert list(project.promptsketchs.values_list("anchors", flat=True)) == [[], []]
    assert not SketchBucket.objects.exists()


def test_a_question_is_sketched_once_for_all_datasets(asked: Any, built: Built, project: Project) -> None:
    for seed in range(3):
        asked(question(seed))
    built()
    before = list(PromptSketch.objects.values_list("pk", "anchors"))
    other = Dataset.objects.create(project=project, key="other", name="Other", shares={"train": 1.0})
    built(of=other)
    assert list(PromptSketch.objects.values_list("pk", "anchors")) == before
    assert SketchBucket.objects.count() == 3 * likeness.BANDS


def test_a_sketch_never_changes(asked: Any, built: Built) -> None:
    asked(question(1))
    built()
    with pytest.raises(IntegrityError), transaction.atomic():
        PromptSketch.objects.update(anchors=["x"])


def test_verdicts_are_looked_at_some_at_a_time(asked: Any, built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "LOOKED_AT", 2)
    for seed in range(5):
        asked(question(seed // 2, 30 + seed % 2))
    version = built()
    assert (version.counts["pairs"], PromptSketch.objects.count()) == (5, 5)
    assert PromptSketch.objects.exclude(anchors=[]).count() == 2


def test_what_comes_between_looking_and_beginning_is_looked_at(asked: Any, dataset: Dataset) -> None:
    asked(question(1))
    version = dataset.build()
    attempt = jobs.claim(DatasetVersion, version.pk) or 0
    job: Any = DatasetVersion.objects.get(pk=version.pk)
    job.prepared = near.prepare(job)
    asked(changed(question(1), 40))
    with transaction.atomic():
        job.step()
        job.save()
    assert job.cursor["missing"]
    while jobs.run_chunk(DatasetVersion, version.pk, attempt):
        pass
    version.refresh_from_db()
    assert (version.counts["pairs"], PromptSketch.objects.exclude(anchors=[]).count()) == (2, 1)


def test_thousands_from_one_template_fill_no_bucket_without_end(
    asked: Any, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "FULL", 3)
    text = question(1, 200)
    for n in range(12):
        asked(f"{text} number{n}")
    version = built()
    assert SketchBucket.objects.count() <= 3 * 2 * likeness.BANDS
    assert len(set.union(*places(version).values())) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_builds_at_once_see_each_others_questions(project: Project, asked: Any) -> None:
    for seed in range(6):
        asked(question(seed), origin="helpdesk")
        asked(changed(question(seed), 40))
    datasets = [Dataset.objects.create(project=project, key=f"d{n}", name="D", shares={"train": 1.0}) for n in range(2)]
    versions, barrier = [dataset.build() for dataset in datasets], threading.Barrier(2)

    def build(pk: int) -> None:
        try:
            barrier.wait(30)
            jobs.run(DatasetVersion, pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=build, args=[version.pk]) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert set(DatasetVersion.objects.values_list("state", flat=True)) == {"done"}
    assert PromptSketch.objects.count() == 12
    assert PromptSketch.objects.exclude(anchors=[]).count() == 6
