"""Every address there is: routes, and for each a sample of what it names.

A new route whose address holds more than the project needs a sample here: whatever the address names, made anew for
whoever is about to ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from feedback.accounts.models import ApiKey, Invitation, Member, Project, SigninLink
from feedback.permissions import PUBLIC, ROUTES, SIGNED_IN, STAFF
from feedback.responses.models import ResponseUpload, SavedFilter
from reviews.imports.models import LabelUpload
from tests import make, world

Kwargs = dict[str, Any]


def key(row: Any) -> Kwargs:
    return {"key": row.key}


def pk(row: Any) -> Kwargs:
    return {"pk": row.pk}


def dataset_version(row: Any) -> Kwargs:
    return {"key": row.dataset.key, "number": row.number}


def dataset_pair(row: Any) -> Kwargs:
    return {**dataset_version(row.version), "pair_id": row.pair_id}


def job(row: Any) -> Kwargs:
    return {"kind": row._meta.label_lower, "pk": row.pk}


def dataset_export(row: Any) -> Kwargs:
    return {**dataset_version(row.version), "pk": row.pk}


def secret(made: tuple[Any, str]) -> Kwargs:
    return {"secret": made[1].rstrip("/").rsplit("/", 1)[1]}


def own(made: Any, **kwargs: Any) -> Kwargs:
    """What the asking person needs to have, for an address that does not name it."""
    return kwargs


def turn(is_submitted: bool = False) -> Callable[[Project, Member], Kwargs]:
    return lambda project, who: {"token": world.assignment(project, who, is_submitted=is_submitted).token}


def a_queue(project: Project, who: Member) -> Kwargs:
    return key(make.queue(project))


def a_filter(project: Project, who: Member) -> Kwargs:
    return pk(SavedFilter.objects.create(project=project, owner=who, name=f"Filter {next(make.counter)}"))


def a_rule(project: Project, who: Member) -> Kwargs:
    return key(make.sampling_rule(make.queue(project)))


def a_version(project: Project, who: Member) -> Kwargs:
    return dataset_version(world.version(project))


DAY = timedelta(days=1)

# Route -> what its address names, in this project, for this member (the one who asks, or any when a program does).
SAMPLES: dict[str, Callable[[Project, Member], Kwargs]] = {
    "account_reset_password_from_key": lambda project, who: {"uidb36": "1", "key": "abc-def"},
    "account_signin_link": lambda project, who: secret(SigninLink.make(DAY, user=who.user)),
    "account_invitation": lambda project, who: secret(
        Invitation.make(DAY, project=project, email="nia@example.org", role="reviewer")
    ),
    "account_reauthenticate": lambda project, who: own(make.password(who)),
    "account_session_end": lambda project, who: own(None, pk=1),
    "mfa_deactivate_totp": lambda project, who: own(make.authenticator_app(who)),
    "mfa_reauthenticate": lambda project, who: own(make.authenticator_app(who)),
    "mfa_view_recovery_codes": lambda project, who: own(make.authenticator_app(who)),
    "mfa_download_recovery_codes": lambda project, who: own(make.authenticator_app(who)),
    "mfa_reauthenticate_webauthn": lambda project, who: own(make.security_key(who)),
    "mfa_edit_webauthn": lambda project, who: pk(make.security_key(who)),
    "mfa_remove_webauthn": lambda project, who: pk(make.security_key(who)),
    **dict.fromkeys(
        ["accounts:invitation-withdraw", "accounts:invitation-renew"],
        lambda project, who: pk(Invitation.make(DAY, project=project, email="nia@example.org", role="reviewer")[0]),
    ),
    **dict.fromkeys(
        [f"accounts:member-{name}" for name in ("change", "disable", "enable")],
        lambda project, who: pk(make.member(project)),
    ),
    **dict.fromkeys(
        [f"takeouts:takeout-{name}" for name in ("cancel", "download")], lambda project, who: pk(world.takeout(project))
    ),
    "accounts:key-revoke": lambda project, who: pk(ApiKey.issue(project, "k", ["ingest"])[0]),
    "prompts:prompt-detail": lambda project, who: pk(make.prompt_version(project).prompt),
    "prompts:version-compare": lambda project, who: pk(make.prompt_version(project).prompt),
    "prompts:version-detail": lambda project, who: pk(make.prompt_version(project)),
    "responses:response-detail": lambda project, who: pk(make.response(project)),
    "responses:filter-change": a_filter,
    "responses:filter-delete": a_filter,
    **dict.fromkeys(
        [f"responses:upload-{name}" for name in ("detail", "check", "start", "discard", "errors")],
        lambda project, who: pk(world.upload(ResponseUpload, project, who)),
    ),
    **dict.fromkeys(
        [f"imports:upload-{name}" for name in ("detail", "start", "discard", "errors")],
        lambda project, who: pk(world.upload(LabelUpload, project, who)),
    ),
    **dict.fromkeys(
        ["queues:response-items", "judgements:response-verdicts", "datasets:response-uses"],
        lambda project, who: pk(make.response(project)),
    ),
    **dict.fromkeys(
        ["rubrics:rubric-detail", "rubrics:rubric-edit", "rubrics:version-compare", "rubrics:rubric-export",
         "queues:rubric-preview"],
        lambda project, who: pk(make.rubric_version(project).rubric),
    ),
    **dict.fromkeys(
        [f"queues:{name}" for name in (
            "queue-detail", "queue-change", "queue-activity", "queue-state", "queue-items",
            "claim", "review", "submit", "draft", "heartbeat", "release", "skip",
            "escalate", "correction-diff",
        )],
        a_queue,
    ),
    "queues:undo": turn(is_submitted=True),
    "queues:turn": turn(is_submitted=True),
    "queues:escalation": lambda project, who: pk(world.escalation(project, who)),
    "sampling:rule-detail": a_rule,
    "sampling:rule-change": a_rule,
    "sampling:rule-trial": a_rule,
    "sampling:rule-run": a_rule,
    "quality:settle": lambda project, who: pk(world.disputed(project)),
    "monitoring:prompt-quality": lambda project, who: pk(make.prompt_version(project).prompt),
    "moderation:action-undo": lambda project, who: pk(world.action(project, who)),
    "moderation:item-detail": lambda project, who: pk(world.disputed(project)),
    "moderation:item-act": lambda project, who: {**pk(world.disputed(project)), "act_name": "withdraw"},
    "moderation:review-act": lambda project, who: {
        **pk(world.assignment(project, who, is_submitted=True)), "act_name": "invalidate"
    },
    "moderation:bulk-detail": lambda project, who: pk(world.bulk_action(project, who)),
    "moderation:escalation-detail": lambda project, who: pk(world.escalation(project, who)),
    "moderation:escalation-close": lambda project, who: pk(world.escalation(project, who)),
    "datasets:dataset-detail": lambda project, who: key(world.version(project).dataset),
    "datasets:dataset-change": lambda project, who: key(world.version(project).dataset),
    "datasets:version-compare": lambda project, who: key(world.version(project).dataset),
    "datasets:pair-list": a_version,
    "datasets:pair-detail": lambda project, who: dataset_pair(world.pair(project)),
    "datasets:excluded-list": a_version,
    "datasets:version-build": lambda project, who: key(world.version(project).dataset),
    "datasets:version-detail": a_version,
    "datasets:export-create": a_version,
    "datasets:export-download": lambda project, who: dataset_export(world.export(project)),
    "monitoring:job-cancel": lambda project, who: job(world.run(make.queue(project))),
    "monitoring:job-retry": lambda project, who: job(world.run(make.queue(project))),
    "api:response-detail": lambda project, who: pk(make.response(project)),
    "api:prompt-detail": lambda project, who: pk(make.prompt_version(project).prompt),
    "api:prompt-version-detail": lambda project, who: pk(make.prompt_version(project)),
    "api:rubric-detail": lambda project, who: pk(make.rubric_version(project).rubric),
    "api:rubric-version-detail": lambda project, who: pk(make.rubric_version(project)),
    "api:rule-detail": a_rule,
    "api:queue-detail": a_queue,
    "api:queue-claim": a_queue,
    **dict.fromkeys(
        [f"api:assignment-{name}" for name in (
            "detail", "draft", "submit", "skip", "escalate", "heartbeat", "release",
        )],
        turn(),
    ),
    "api:assignment-undo": turn(is_submitted=True),
    "api:rule-run": a_rule,
    "api:run-detail": lambda project, who: pk(world.run(make.queue(project))),
    "api:dataset-build": lambda project, who: key(world.version(project).dataset),
    "api:version-detail": lambda project, who: pk(world.version(project)),
    "api:version-export": lambda project, who: pk(world.version(project)),
    "api:export-detail": lambda project, who: pk(world.export(project)),
    "api:export-download": lambda project, who: pk(world.export(project)),
}  # fmt: skip


# What a page cannot do without after the question mark.
QUERIES: dict[str, Callable[[Project], str]] = {
    "responses:response-export": lambda project: "?format=jsonl",
    "api:preference-pair-list": lambda project: f"?dataset={world.version(project).dataset.key}",
}


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":  # stock views with checks of their own: test_security.py, test_admin.py
                yield from patterns(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name}", entry


SERVED = sorted({name for name, _ in patterns(get_resolver())})
PAGES = [name for name in SERVED if not name.startswith("api:") and ROUTES.get(name) not in {PUBLIC, SIGNED_IN, STAFF}]
APIS = [name for name in SERVED if name.startswith("api:")]


def address(route: str, project: Project, who: Member, *, under: str = "") -> str:
    """The route's address about something of the project; `under` writes another project's slug before it."""
    kwargs = SAMPLES[route](project, who) if route in SAMPLES else {}
    slug = {} if route.startswith("api:") or ":" not in route else {"project": under or project.slug}
    try:
        return reverse(route, kwargs={**slug, **kwargs}) + (QUERIES[route](project) if route in QUERIES else "")
    except NoReverseMatch:
        pytest.fail(f"{route} needs more than {sorted(kwargs)} in its address: give it a sample in SAMPLES.")
