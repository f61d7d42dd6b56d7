"""Plain builders: each makes one believable row and lets a test say only what matters."""

from __future__ import annotations

import itertools
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db.models.functions import Now
from django.test import Client, RequestFactory
from django.utils import timezone

from feedback.accounts.models import ApiKey, Member, Project, User
from feedback.judgements.models import Review, Verdict
from feedback.judgements.record import answers_of, criteria_of, record
from feedback.prompts.models import Prompt, PromptVersion
from feedback.responses.models import LanguageModel, Passage, Response, ResponseBody, Subject, SubjectResponse
from feedback.rubrics.models import Criterion, Rubric, RubricVersion
from feedback.text.hashes import draw_key, fold_hash, input_hash, prompt_hash, sha256_text
from reviews.quality.tally import is_failure, tally
from reviews.queues.items import add_filled, add_items
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.sampling.models import SamplingRule

counter = itertools.count(1)


class SignedIn(Client):
    def __init__(self, member: Member, **defaults: Any) -> None:
        super().__init__(**defaults)
        assert member.user is not None
        self.force_login(member.user)


def project(slug: str = "", **fields: Any) -> Project:
    slug = slug or f"project-{next(counter)}"
    return Project.objects.create(slug=slug, **{"name": slug.capitalize(), "salt": "0" * 32, **fields})


def user(name: str = "Una User", **fields: Any) -> User:
    return User.objects.create_user(f"user{next(counter)}@example.org", name=name, **fields)


def member(project: Project, role: str = "reviewer", *, name: str = "Max Member", **fields: Any) -> Member:
    return Member.objects.create(project=project, user=user(name), role=role, **fields)


class QuickHasher(Argon2PasswordHasher):
    """The product's own, with as little work as it takes: many tests sign somebody in."""

    time_cost, memory_cost, parallelism = 1, 8, 1


def password(member: Member, text: str = "correct horse battery") -> User:
    """The member's user, who signs in with this password from now on."""
    assert member.user is not None
    member.user.set_password(text)
    member.user.save(update_fields=["password"])
    return member.user


def authenticator_app(member: Member) -> str:
    """An app and recovery codes as second factor; what the app was given. `code_of` says what it shows."""
    secret = generate_totp_secret()
    with request_context(RequestFactory().get("/")):
        TOTP.activate(member.user, secret)
        RecoveryCodes.activate(member.user)
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def security_key(member: Member, name: str = "Blue key") -> Authenticator:
    """A row of a key; its credential is in no browser (tests/browser has real ones)."""
    credential = json.loads((Path(__file__).parent / "security_key.json").read_text())
    return Authenticator.objects.create(
        user=member.user, type="webauthn", data={"name": name, "credential": credential}
    )


def api_key(project: Project, *scopes: str, **fields: Any) -> str:
    """The secret of a new key, for the Authorization header."""
    return ApiKey.issue(project, "test key", list(scopes), **fields)[1]


def program(project: Project, *scopes: str, **fields: Any) -> Client:
    """Whoever sends a new key with these scopes."""
    return Client(headers={"Authorization": f"Bearer {api_key(project, *scopes, **fields)}"})


def prompt_version(project: Project, label: str = "v1", name: str = "answer") -> PromptVersion:
    prompt, _ = Prompt.objects.get_or_create(project=project, name=name)
    return PromptVersion.objects.get_or_create(project=project, prompt=prompt, label=label)[0]


def response(
    project: Project,
    output: str = "You can claim within 30 days.",
    *,
    question: str = "",
    passages: list[str] | None = None,
    **fields: Any,
) -> Response:
    """A response to a question of its own, unless `question` says otherwise."""
    number = next(counter)
    external_id = fields.pop("external_id", f"r-{number}")
    messages = fields.pop("messages", [{"role": "user", "content": question or f"Question {number}?"}])
    body = fields.pop("body", {})
    model_name = fields.pop("model_name", "small-1")
    model, _ = LanguageModel.objects.get_or_create(project=project, provider="acme", name=model_name)
    row = Response.objects.create(
        project=project,
        external_id=external_id,
        **{
            "model": model,
            "body_hash": sha256_text(external_id),
            "prompt_hash": prompt_hash(messages, []),
            "input_hash": input_hash(input_key="", variables=None, messages=messages),
            "fold_hash": fold_hash(str(messages[-1]["content"])),
            "output_hash": sha256_text(output),
            "draw_key": draw_key(project.salt, external_id),
            "responded_at": timezone.now(),
            **fields,
        },
    )
    ResponseBody.objects.create(response=row, messages=messages, output=output, **body)
    for position, text in enumerate(passages or []):
        Passage.objects.create(
            project=project,
            response=row,
            position=position,
            title=f"Source {position + 1}",
            text=text,
            text_hash=sha256_text(text),
        )
    return row


def subject(*responses: Response) -> Subject:
    """The subject of one response, or of several to the same input."""
    first, ids = responses[0], [r.pk for r in responses]
    row, created = Subject.objects.get_or_create(
        project=first.project, key=Subject.key_of(ids), defaults={"size": len(ids), "input_hash": first.input_hash}
    )
    if created:
        parts = [SubjectResponse(subject=row, response=r, position=i) for i, r in enumerate(responses)]
        SubjectResponse.objects.bulk_create(parts)
    return row


DEFAULT_CRITERIA: list[dict[str, Any]] = [
    {"key": "grounded", "kind": "yes_no", "label": "Grounded in the sources?", "fails_when": {"values": ["no"]}},
    {
        "key": "helpful", "kind": "scale", "label": "Helpfulness",
        "options": {"min": 1, "max": 5}, "fails_when": {"below": 3},
    },
    {
        "key": "flags", "kind": "spans", "label": "Hallucinations", "is_required": False, "fails_when": {"any": True},
        "options": {
            "kinds": [{"value": v, "label": v.capitalize()} for v in ("contradicted", "unsupported", "fabricated")],
            "severities": [{"value": "minor", "label": "Minor"}, {"value": "major", "label": "Major"}],
        },
    },
    {"key": "rewrite", "kind": "correction", "label": "Corrected answer", "is_required": False},
]  # fmt: skip

PAIR_CRITERIA: list[dict[str, Any]] = [
    {"key": "better", "kind": "comparison", "label": "Better overall", "options": {"strengths": 2, "both_bad": True}},
    {"key": "why", "kind": "text", "label": "Why?", "is_required": False},
]


def ranking_criteria(responses: int = 3, *, ties: bool = True) -> list[dict[str, Any]]:
    options = {"responses": responses, "ties": ties}
    return [{"key": "order", "kind": "ranking", "label": "Best first?", "options": options}, PAIR_CRITERIA[1]]


def best_worst_criteria(responses: int = 3) -> list[dict[str, Any]]:
    options = {"responses": responses}
    return [{"key": "ends", "kind": "best_worst", "label": "Best and worst?", "options": options}, PAIR_CRITERIA[1]]


def typed_criteria(**options: Any) -> list[dict[str, Any]]:
    bounds = {"min": 0, "max": 1_000_000, "step": 0.01, "typed": True, **options}
    row = {"key": "cost", "kind": "scale", "label": "What does it cost?", "options": bounds}
    return [{**row, "fails_when": {"below": 10.5}}, PAIR_CRITERIA[1]]


def turns_criteria(of: str = "assistant", **options: Any) -> list[dict[str, Any]]:
    choices = [{"value": value, "label": value.capitalize()} for value in ("good", "fair", "bad")]
    asked = {"of": of, "choices": choices, **options}
    row = {"key": "turns", "kind": "per_turn", "label": "How good is it?", "options": asked}
    return [{**row, "fails_when": {"values": ["bad"]}}, PAIR_CRITERIA[1]]


CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "rain"}'}}
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Will it rain?"},
    {"role": "assistant", "content": "Let me look.", "tool_calls": [CALL, {**CALL, "id": "c2"}]},
    {"role": "tool", "content": "Rain at noon.", "tool_call_id": "c1"},
]  # with an output after it: the assistant speaks in turns 3 and 5, and took two steps


def talk(project: Project, output: str = "Yes, at noon.", **fields: Any) -> Response:
    return response(project, output, messages=TALK, **fields)


def rubric_version(
    project: Project, criteria: list[dict[str, Any]] | None = None, *, subject_size: int = 1
) -> RubricVersion:
    rubric = Rubric.objects.create(project=project, name=f"Rubric {next(counter)}")
    version = RubricVersion.objects.create(project=project, rubric=rubric, number=1, subject_size=subject_size)
    rows = criteria if criteria is not None else (DEFAULT_CRITERIA if subject_size == 1 else PAIR_CRITERIA)
    Criterion.objects.bulk_create(
        Criterion(project=project, rubric_version=version, position=position, **row)
        for position, row in enumerate(rows)
    )
    return version


def queue(
    project: Project, *, subject_size: int = 1, criteria: list[dict[str, Any]] | None = None, **fields: Any
) -> Queue:
    number = next(counter)
    version = fields.pop("rubric_version", None) or rubric_version(project, criteria, subject_size=subject_size)
    return Queue.objects.create(
        project=project,
        rubric_version=version,
        **{"key": f"queue-{number}", "name": f"Queue {number}", "k": 2, "grace_seconds": 0, **fields},
    )


ANSWERS: dict[str, Any] = {"grounded": "yes", "helpful": 4}  # to DEFAULT_CRITERIA, nothing wrong with the response


def items(queue: Queue, n: int = 1, **fields: Any) -> list[Item]:
    """n new items of the queue, each on responses of its own, with their places, in the order of the queue."""
    size = queue.rubric_version.subject_size
    subjects = [
        subject(*(response(queue.project, f"Answer {part}.", question=f"Q{next(counter)}?") for part in range(size)))
        for _ in range(n)
    ]
    add_items(queue, [row.pk for row in subjects], **fields)
    return list(Item.objects.filter(queue=queue, subject__in=subjects).order_by("pk"))


def expired(assignment: Assignment) -> Assignment:
    """The claim after its lease is over: by SQL, for no test can turn the database's clock."""
    Place.objects.filter(assignment=assignment).update(lease_until=Now() - timedelta(seconds=1))
    return assignment


def counted(queue: Queue, subject: Subject, reviewer: Member, answers: dict[str, Any], **fields: Any) -> Review:
    """A submitted review that counts: its item (made when missing) has one more place, filled."""
    round_number = fields.pop("round", 1)
    review = record(
        subject=subject,
        rubric_version=queue.rubric_version,
        reviewer=reviewer,
        answers=answers,
        round=round_number,
        **{
            "origin": queue.key,
            "submission_id": uuid4(),
            "shown_order": [],
            "visible": {},
            "active_ms": None,
            **fields,
        },
    )
    add_filled(queue, subject, reviewer, review, round=round_number)
    return review


def sampling_rule(queue: Queue, *, interval_minutes: int | None = None, **choices: Any) -> SamplingRule:
    """A rule into the queue: half of everything, unless `rate` or `size` says otherwise."""
    number = next(counter)
    rule = SamplingRule.objects.create(
        project=queue.project, key=f"rule-{number}", name=f"Rule {number}", interval_minutes=interval_minutes
    )
    method = "size" if "size" in choices else "rate"
    rate = {} if "size" in choices else {"rate": 0.5}
    rule.revise(queue=queue, method=method, **{**rate, "seed": "", **choices})
    return rule


def review(
    subject: Subject, version: RubricVersion, reviewer: Member, answers: dict[str, Any], **fields: Any
) -> Review:
    """A submitted review that no queue knows of."""
    return record(
        subject=subject,
        rubric_version=version,
        reviewer=reviewer,
        answers=answers,
        **{
            "origin": "helpdesk",
            "submission_id": uuid4(),
            "shown_order": [],
            "visible": {},
            "active_ms": None,
            **fields,
        },
    )


def verdict(subject: Subject, version: RubricVersion, reviews: list[Review], **fields: Any) -> Verdict:
    """What the reviews settle to, as settling would write it."""
    criteria = criteria_of(version)
    response_ids = list(subject.parts.order_by("position").values_list("response_id", flat=True))
    answers = tally(criteria, [answers_of(row) for row in reviews], response_ids)
    return Verdict.objects.create(
        project_id=subject.project_id,
        subject=subject,
        rubric_version=version,
        **{
            "origin": "helpdesk",
            "method": Verdict.Method.CONSENSUS,
            "answers": answers,
            "is_failure": is_failure(criteria, answers),
            "n_reviews": len(reviews),
            "review_ids": [row.pk for row in reviews],
            **fields,
        },
    )
