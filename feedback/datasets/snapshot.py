"""The verdicts that a version is built from: held still while the world moves on, in blocks, and read a block at a
time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Now

from feedback.accounts.models import Project
from feedback.among import Among
from feedback.datasets.groups import Components, Key, anchors_of, keys
from feedback.datasets.rule import Rule, matching
from feedback.judgements.models import Comparison, Correction, Rating, Review, Span, Verdict
from feedback.judgements.record import criteria_of
from feedback.prompts.models import PromptVersion
from feedback.responses.models import LanguageModel, Passage, Response, SubjectResponse, UserFeedback
from feedback.rubrics.models import RubricVersion

BLOCK = 200  # verdicts a step of the build: well under a second
PARTS = "subject__parts__response__"

decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Answered:
    """A response with its texts, as far as rows quote it. Plain values: a model's instance takes longer to make than
    its row to read, and a build reads two for each pair.
    """

    pk: int
    external_id: str
    fold_hash: str
    prompt_hash: str
    conversation_id: str
    licence: str
    consent: bool | None
    output: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    tool_calls: list[dict[str, Any]]
    variables: dict[str, Any] | None
    model: str
    prompt_version: PromptVersion | None
    passages: list[Passage] = field(default_factory=list)  # where it stands alone
    near: list[str] = field(default_factory=list)  # anchors of its input
    is_matched: bool = True  # by the rule's filter
    feedback: dict[str, float] = field(default_factory=dict)  # end users' scores by kind, where the rule asks

    @property
    def keys(self) -> list[Key]:
        """The groups that it belongs to by itself."""
        return keys(fold=self.fold_hash, prompt=self.prompt_hash, conversation=self.conversation_id, near=self.near)


class Vote(NamedTuple):
    criterion_id: int
    outcome: str
    preferred_id: int | None
    strength: int | None
    ranking: list[list[int]]


@dataclass(slots=True)
class Reviewed:
    """A review with its answers, as far as rows quote them."""

    pk: int
    reviewer: str  # pseudonym
    note: str
    active_ms: int | None
    shown_order: list[int]
    submitted_at: datetime
    reasons: list[tuple[int, str]] = field(default_factory=list)  # criterion, text
    votes: list[Vote] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    ratings: dict[int, float] = field(default_factory=dict)  # by criterion


@dataclass(slots=True)
class Judged:
    """A verdict with all that a row may quote: its responses in the subject's order, and the reviews that it counts."""

    verdict: Verdict
    input_hash: str
    responses: list[Answered]
    reviews: list[Reviewed]
    criteria: dict[int, str] = field(default_factory=dict)  # keys by id


def clock(project: Project) -> str:
    """The database's time."""
    return Project.objects.filter(pk=project.pk).annotate(now=Now()).values_list("now", flat=True).get().isoformat()


def counting(project_id: int, rule: Rule) -> QuerySet[Verdict]:
    """The verdicts that count now: current ones of the rule's queues.

    Gold answers are for testing reviewers and never become training data, and what is being erased goes nowhere.
    """
    rows = Verdict.objects.current().filter(project_id=project_id).exclude(method=Verdict.Method.GOLD)
    if rule.methods:
        rows = rows.filter(method__in=rule.methods)
    going = SubjectResponse.objects.filter(response__project=project_id, response__erased_by__isnull=False)
    if going.exists():
        rows = rows.exclude(subject__in=going.values("subject"))
    return rows.filter(origin__in=rule.queues) if rule.queues else rows


def standing(project_id: int, rule: Rule, since: int = 0) -> tuple[list[list[int]], Components]:
    """The ids of the verdicts that stand now, in blocks, and the connected groups among their responses.

    One statement, so that both are of one moment. Verdicts on the same input stand together in one block, where ratings
    are compared and pairs that contradict each other are found. `since`: only verdicts from this id on.
    """
    rows = counting(project_id, rule)
    found = (
        (rows.filter(pk__gte=since) if since else rows)
        .order_by("subject__input_hash", "pk", "subject__parts__position")
        .values_list("pk", "subject__input_hash", f"{PARTS}fold_hash", f"{PARTS}prompt_hash", f"{PARTS}conversation_id")
        .iterator(chunk_size=5000)
    )
    blocks: list[list[int]] = [[]]
    components, last, last_input = Components(), 0, ""
    for pk, input_hash, fold, prompt, conversation in found:
        if pk != last:
            components.begin()
            if len(blocks[-1]) >= BLOCK and input_hash != last_input:
                blocks.append([])
            blocks[-1].append(pk)
            last, last_input = pk, input_hash
        components.add(fold=fold, prompt=prompt, conversation=conversation)
    return (blocks if blocks[0] else []), components


def load(ids: list[int], rule: Rule) -> list[Judged]:
    """Everything about these verdicts, in their order and in a fixed number of queries."""
    by_id = {row.pk: row for row in Verdict.objects.filter(Among("pk", ids)).annotate(input=F("subject__input_hash"))}
    verdicts: list[Any] = [by_id[pk] for pk in ids if pk in by_id]
    versions = RubricVersion.objects.select_related("rubric", "guideline__guideline").in_bulk(
        {verdict.rubric_version_id for verdict in verdicts}
    )
    criteria = {pk: {one.pk: one.key for one in criteria_of(version)} for pk, version in versions.items()}
    responses = responses_of({verdict.subject_id for verdict in verdicts})
    if verdicts:
        add_facts(verdicts[0].project_id, [one for some in responses.values() for one in some], rule)
    reviews = reviews_of([pk for verdict in verdicts for pk in verdict.review_ids])
    for verdict in verdicts:
        verdict.rubric_version = versions[verdict.rubric_version_id]
    return [
        Judged(
            verdict,
            verdict.input,
            responses[verdict.subject_id],
            [reviews[pk] for pk in verdict.review_ids if pk in reviews],
            criteria[verdict.rubric_version_id],
        )
        for verdict in verdicts
    ]


def add_facts(project_id: int, responses: list[Answered], rule: Rule) -> None:
    """What the rule asks of responses: near inputs, whether its filter keeps them, what end users said."""
    near = anchors_of(project_id, (one.fold_hash for one in responses))
    for one in responses:
        one.near = near.get(one.fold_hash, [])
    ids = {one.pk for one in responses}
    if rule.responses:
        rows = Response.objects.filter(Among("pk", ids), project=project_id)
        matched = set(matching(rule.responses, rows).values_list("pk", flat=True))
        for one in responses:
            one.is_matched = one.pk in matched
    if rule.user_feedback:
        said = UserFeedback.objects.filter(Among("response_id", ids), score__isnull=False)
        scores: dict[int, dict[str, float]] = defaultdict(dict)
        for pk, kind, score in said.values_list("response_id", "kind", "score"):
            scores[pk][kind] = score or 0.0
        for one in responses:
            one.feedback = scores.get(one.pk, {})


FACTS = ("pk", "external_id", "fold_hash", "prompt_hash", "conversation_id", "licence", "consent", "body__output")
TEXTS = ("messages", "tools", "tool_calls", "variables")


def responses_of(subject_ids: set[int]) -> dict[int, list[Answered]]:
    """The responses of each subject, in its order; with passages where one stands alone."""
    found: dict[int, list[Answered]] = defaultdict(list)
    as_text = {f"{name}_json": Cast(f"body__{name}", TextField()) for name in TEXTS}  # for a faster decoder
    rows = (
        Response.objects.filter(Among("subject_parts__subject_id", subject_ids))
        .order_by("subject_parts__subject_id", "subject_parts__position")
        .annotate(**as_text)
        .values_list("subject_parts__subject_id", "model_id", "prompt_version_id", *FACTS, *as_text)
    )
    read = list(rows)
    models = LanguageModel.objects.in_bulk({row[1] for row in read} - {None})
    versions = PromptVersion.objects.select_related("prompt").in_bulk({row[2] for row in read} - {None})
    for subject, model, version, *facts in read:
        plain, texts = facts[: len(FACTS)], [text and decode(text) for text in facts[len(FACTS) :]]
        about: dict[str, Any] = {"model": str(models[model]) if model else "", "prompt_version": versions.get(version)}
        found[subject].append(Answered(*plain, *texts, **about))
    alone = {some[0].pk: some[0] for some in found.values() if len(some) == 1}
    for passage in Passage.objects.filter(Among("response_id", alone)) if alone else ():
        alone[passage.response_id].passages.append(passage)
    return found


def reviews_of(ids: list[int]) -> dict[int, Reviewed]:
    """By id; one statement a table, since prefetching for thousands of reviews costs more than reading them."""
    theirs, columns = (
        Among("review_id", ids),
        ("pk", "reviewer__pseudonym", "note", "active_ms", "shown_order", "submitted_at"),
    )
    rows = Review.objects.filter(Among("pk", ids)).order_by("pk").values_list(*columns)
    found = {row[0]: Reviewed(*row) for row in rows}
    numbers = Rating.objects.filter(theirs, number__isnull=False, part="")
    for review, criterion, number in numbers.values_list("review_id", "criterion_id", "number"):
        found[review].ratings[criterion] = number or 0.0
    texts = Rating.objects.filter(theirs).exclude(text="").order_by("pk")
    for review, criterion, text in texts.values_list("review_id", "criterion_id", "text"):
        found[review].reasons.append((criterion, text))
    cast = Comparison.objects.filter(theirs).order_by("pk")
    for review, *vote in cast.values_list("review_id", *Vote._fields):
        found[review].votes.append(Vote(*vote))
    for correction in Correction.objects.filter(theirs).order_by("pk"):
        found[correction.review_id].corrections.append(correction)
    for span in Span.objects.filter(theirs).select_related("evidence", "marked_passage"):
        found[span.review_id].spans.append(span)
    return found


def siblings(judged: list[Judged]) -> Iterator[tuple[Judged, list[Judged]]]:
    """Each verdict with the earlier ones on another response to the same input, under the same rubric version and
    queue.
    """
    seen: dict[tuple[Any, ...], list[Judged]] = defaultdict(list)
    for one in judged:
        if len(one.responses) != 1:
            yield one, []
            continue
        kin = seen[one.input_hash, one.verdict.rubric_version_id, one.verdict.origin]
        yield one, list(kin)
        kin.append(one)
