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
from reviews.digests.models import end_token
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


def origins_of(row: Any) -> Kwargs:
    return {"pk": row.version_id, "pair_id": row.pair_id}


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


def a_card(project: Project) -> Kwargs:
    queue = make.queue(project)
    return {"key": queue.key, "pk": make.items(queue)[0].pk}


def any_member(project: Project) -> Member:
    return make.member(project, "curator")


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
    "account_mail_end": lambda project, who: {"token": end_token(who.user)},  # type: ignore[arg-type]
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
    "erasures:erasure-detail": lambda project, who: pk(world.erasure(project)),
    "accounts:key-revoke": lambda project, who: pk(ApiKey.issue(project, "k", ["ingest"])[0]),
    **dict.fromkeys(
        [f"outbox:endpoint-{name}" for name in (
            "detail", "change", "switch", "rotate", "remove", "test", "replay",
        )] + [f"api:webhook-{name}" for name in ("detail", "rotate", "test", "replay")],
        lambda project, who: pk(world.endpoint(project)),
    ),
    **dict.fromkeys(
        ["outbox:delivery-detail", "outbox:delivery-replay", "api:webhook-delivery-detail",
         "api:webhook-delivery-replay"],
        lambda project, who: pk(world.delivery(project)),
    ),
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
        ["queues:response-items", "judgements:response-verdicts", "quality:response-critics",
         "datasets:response-uses"],
        lambda project, who: pk(make.response(project)),
    ),
    **dict.fromkeys(
        ["rubrics:rubric-detail", "rubrics:rubric-edit", "rubrics:version-compare", "rubrics:rubric-export",
         "queues:rubric-preview"],
        lambda project, who: pk(make.rubric_version(project).rubric),
    ),
    **dict.fromkeys(
        ["rubrics:version-news", "rubrics:version-read"], lambda project, who: pk(make.rubric_version(project))
    ),
    **dict.fromkeys(
        [f"queues:{name}" for name in (
            "queue-detail", "queue-change", "queue-activity", "queue-pace", "queue-state", "queue-items",
            "queue-versions", "claim", "review", "submit", "draft", "heartbeat", "release", "pause", "skip",
            "escalate", "correction-diff",
        )],
        a_queue,
    ),
    "passes:cards": a_queue,
    "passes:context": lambda project, who: a_card(project),
    "passes:undo": lambda project, who: pk(world.quick_pass(project, who)),
    "queues:undo": turn(is_submitted=True),
    "queues:turn": turn(is_submitted=True),
    "queues:escalation": lambda project, who: pk(world.escalation(project, who)),
    "sampling:rule-detail": a_rule,
    "sampling:rule-change": a_rule,
    "sampling:rule-trial": a_rule,
    "sampling:rule-run": a_rule,
    "quality:queue-overlap": a_queue,
    "quality:queue-repeats": a_queue,
    "quality:critics": lambda project, who: pk(world.disputed(project)),
    "quality:settle": lambda project, who: pk(world.disputed(project)),
    "quality:leaderboard-file": lambda project, who: own(world.analysis(project), form="csv"),
    "quality:agreement-file": lambda project, who: own(world.analysis(project, "agreement"), form="csv"),
    "quality:reliability-file": lambda project, who: own(world.analysis(project, "reliability"), form="csv"),
    "quality:subgroups-file": lambda project, who: own(world.analysis(project, "subgroups"), form="csv"),
    "quality:attribute-remove": lambda project, who: pk(world.attribute(project)),
    "moderation:member-skills": lambda project, who: pk(any_member(project)),
    "quality:effort-file": lambda project, who: own(world.analysis(project, "effort"), form="csv"),
    "quality:proposals-file": lambda project, who: own(world.analysis(project, "proposals"), form="csv"),
    "quality:reliability-reviewer": lambda project, who: {"pseudonym": who.pseudonym},
    "moderation:notice-detail": lambda project, who: pk(world.notice(project)),
    "api:analysis-detail": lambda project, who: pk(world.analysis(project)),
    **dict.fromkeys([f"gold:{name}" for name in ("gold-queue", "from-verdicts", "import")], a_queue),
    **dict.fromkeys(["gold:open-training", "gold:move-training"], a_queue),
    "gold:gold-item": lambda project, who: pk(world.gold(project, any_member(project)).item),
    "gold:training": lambda project, who: {"pk": world.course(project, any_member(project)).pk},
    "gold:lesson": lambda project, who: {"pk": world.course(project, any_member(project)).pk},
    "api:gold-detail": lambda project, who: pk(world.gold(project, any_member(project))),
    "monitoring:prompt-quality": lambda project, who: pk(make.prompt_version(project).prompt),
    "moderation:queue-act": lambda project, who: {**a_queue(project, who), "act_name": "pause"},
    "moderation:queue-act-undo": lambda project, who: pk(world.queue_act(project, who)),
    "moderation:reviewer-reviews": lambda project, who: {"pseudonym": any_member(project).pseudonym},
    "moderation:restrict": lambda project, who: {"pseudonym": any_member(project).pseudonym},
    "moderation:restriction-lift": lambda project, who: pk(world.restriction(project, who)),
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
    "datasets:version-replace": a_version,
    "datasets:version-changes": a_version,
    "datasets:reviewer-uses": lambda project, who: {"pseudonym": who.pseudonym},
    "datasets:contamination-list": a_version,
    "datasets:contamination-detail": lambda project, who: dataset_export(world.contamination(project)),
    "datasets:export-create": a_version,
    **dict.fromkeys(
        [f"datasets:{name}" for name in ("export-download", "export-share", "export-send", "link-create")],
        lambda project, who: dataset_export(world.export(project)),
    ),
    "datasets:link-revoke": lambda project, who: pk(world.link(project)),
    "export_link": lambda project, who: {"secret": world.link(project).secret},
    **dict.fromkeys(
        ["training:job-detail", "training:job-cancel", "training:job-metrics"],
        lambda project, who: pk(world.fine_tune(project)),
    ),
    "training:trainer-change": lambda project, who: key(world.trainer(project)),
    "monitoring:job-cancel": lambda project, who: job(world.run(make.queue(project))),
    "monitoring:job-retry": lambda project, who: job(world.run(make.queue(project))),
    "api:response-detail": lambda project, who: pk(make.response(project)),
    "api:prompt-detail": lambda project, who: pk(make.prompt_version(project).prompt),
    "api:prompt-version-detail": lambda project, who: pk(make.prompt_version(project)),
    "api:rubric-detail": lambda project, who: pk(make.rubric_version(project).rubric),
    "api:rubric-version-detail": lambda project, who: pk(make.rubric_version(project)),
    "api:rule-detail": a_rule,
    **dict.fromkeys([f"api:queue-{name}" for name in ("detail", "claim", "overlap", "repeats", "gold")], a_queue),
    "api:escalation-detail": lambda project, who: pk(world.escalation(project, who)),
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
    "api:version-changes": lambda project, who: pk(world.version(project)),
    "api:pair-origins": lambda project, who: origins_of(world.pair(project)),
    "api:version-export": lambda project, who: pk(world.version(project)),
    "api:export-detail": lambda project, who: pk(world.export(project)),
    **dict.fromkeys(
        [f"api:export-{name}" for name in ("download", "link", "shipment")],
        lambda project, who: pk(world.export(project)),
    ),
    "api:link-detail": lambda project, who: pk(world.link(project)),
    "api:shipment-detail": lambda project, who: pk(world.shipment(project)),
    **dict.fromkeys(
        [f"api:{name}" for name in (
            "fine-tune-detail", "fine-tune-cancel", "training-metric-list", "training-line-list", "fine-tune-report",
            "fine-tune-links",
        )],
        lambda project, who: pk(world.fine_tune(project)),
    ),
    "api:training-file": lambda project, who: secret(world.training_link(project)),
}  # fmt: skip


# What a page cannot do without after the question mark.
QUERIES: dict[str, Callable[[Project], str]] = {
    "responses:response-export": lambda project: "?format=jsonl",
    "datasets:version-changes": lambda project: "?since=1",
    "api:version-changes": lambda project: "?since=1",
    "api:use-list": lambda project: f"?response={make.response(project).external_id}",
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
