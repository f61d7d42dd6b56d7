"""Who may do what: the one table that code, tests and documentation share.

A route that is not in ROUTES is answered with 404, whatever its view does. A value is one verb, or one per HTTP method.
"""

from collections.abc import Mapping

REVIEWER, CURATOR, MODERATOR, ADMIN = ROLES = ("reviewer", "curator", "moderator", "admin")

VERBS: Mapping[str, frozenset[str]] = {
    "enter": frozenset(ROLES),  # see the project's name, own work and own history
    "review": frozenset(ROLES),  # claim, draft, submit, skip, undo
    "see_responses": frozenset({CURATOR, MODERATOR, ADMIN}),
    "ingest": frozenset({CURATOR, ADMIN}),
    "see_assessments": frozenset({CURATOR, MODERATOR, ADMIN}),
    "assess": frozenset({CURATOR, ADMIN}),  # send what critics said of responses
    "see_queues": frozenset({CURATOR, MODERATOR, ADMIN}),
    "manage_queues": frozenset({CURATOR, ADMIN}),
    "sample": frozenset({CURATOR, ADMIN}),
    "see_reviews": frozenset({CURATOR, MODERATOR, ADMIN}),
    "import_reviews": frozenset({CURATOR, ADMIN}),
    "settle": frozenset({MODERATOR, ADMIN}),
    "see_escalations": frozenset({MODERATOR, ADMIN}),  # what reviewers ask, and what they are answered
    "manage_gold": frozenset({CURATOR, MODERATOR, ADMIN}),  # items with known answers, and how reviewers fare on them
    "see_datasets": frozenset({CURATOR, MODERATOR, ADMIN}),
    "publish": frozenset({CURATOR, ADMIN}),  # build versions, make exports
    "see_training": frozenset({CURATOR, MODERATOR, ADMIN}),
    "train": frozenset({CURATOR, ADMIN}),  # start a fine-tune, cancel one
    "report_training": frozenset({ADMIN}),  # tell how a fine-tune goes on, fetch its files: what a scheduler does
    "manage_trainers": frozenset({ADMIN}),  # where models are fine-tuned, and with whose key
    "see_jobs": frozenset({CURATOR, MODERATOR, ADMIN}),
    "manage_jobs": frozenset({CURATOR, ADMIN}),  # cancel a job, try a failed one again
    "invite": frozenset({ADMIN}),
    "manage_members": frozenset({ADMIN}),
    "manage_keys": frozenset({ADMIN}),
    "see_audit": frozenset({MODERATOR, ADMIN}),
    "manage_project": frozenset({ADMIN}),  # its settings, the archive, take-outs
    "manage_webhooks": frozenset({ADMIN}),
    "manage_prices": frozenset({CURATOR, ADMIN}),
}

# Scope of an API key -> verbs it opens. A key bound to a member also needs the member's role.
SCOPES: Mapping[str, frozenset[str]] = {
    "ingest": frozenset({"ingest"}),
    "responses:read": frozenset({"see_responses"}),
    "assessments:read": frozenset({"see_assessments"}),
    "assessments:write": frozenset({"assess"}),
    "review": frozenset({"enter", "review"}),
    "review:import": frozenset({"import_reviews"}),
    "reviews:read": frozenset({"see_reviews", "see_queues"}),
    "escalations:read": frozenset({"see_escalations"}),
    "queues:write": frozenset({"see_queues", "manage_queues", "sample"}),
    "gold": frozenset({"manage_gold"}),
    "datasets:read": frozenset({"see_datasets"}),
    "datasets:write": frozenset({"see_datasets", "publish"}),
    "training:read": frozenset({"see_training"}),
    "training:manage": frozenset({"see_training", "train"}),
    "training:report": frozenset({"report_training"}),
    "webhooks:manage": frozenset({"manage_webhooks"}),
    "audit:read": frozenset({"see_audit"}),
}

PUBLIC = "public"  # no sign-in: sign-in itself, health, the API's description
SIGNED_IN = "signed_in"  # any signed-in person, no project in the address
STAFF = "staff"  # Django's admin: staff only, its own permission checks inside

# Computed figures: page, file, asking.
ANALYSES = ("leaderboard", "agreement", "reliability", "effort", "subgroups", "proposals")

TURN = ("submit", "skip", "escalate", "undo", "heartbeat", "release")  # on a page and over REST

Verb = str | Mapping[str, str]


def pages(room: str, verb: str, *names: str) -> dict[str, Verb]:
    """Routes of a room's pages under this verb."""
    return {f"{room}:{name}": verb for name in names}


def reads(verb: str, *names: str) -> dict[str, Verb]:
    """Routes of the API that are read under this verb, and nothing else."""
    return {f"api:{name}": {"GET": verb} for name in names}


ROUTES: Mapping[str, Verb] = {
    # root
    "home": SIGNED_IN,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": PUBLIC,  # the page itself asks for the operator's token
    "components": STAFF,
    "api-schema": PUBLIC,
    "api-docs": PUBLIC,
    "export_link": PUBLIC,  # the address itself is the secret, for one download
    # sign-in (allauth)
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_keys": SIGNED_IN,
    "account_signin_link": PUBLIC,
    "account_invitation": PUBLIC,
    "account_reauthenticate": SIGNED_IN,
    # a person's own account, in no project
    "account_profile": SIGNED_IN,
    "account_sessions": SIGNED_IN,
    "account_session_end": SIGNED_IN,
    "account_sessions_end_others": SIGNED_IN,
    "account_mail": SIGNED_IN,
    "account_mail_end": PUBLIC,  # the address is signed; it ends a mail and opens nothing
    # second factors (allauth.mfa); the code is asked for before anybody is signed in
    "mfa_authenticate": PUBLIC,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    # accounts
    "accounts:project": "enter",
    **pages(
        "accounts", "manage_project", "project-settings", "project-archive", "project-archived", "project-restore",
    ),
    **pages(
        "accounts", "manage_members", "member-list", "source-list", "member-change", "member-disable", "member-enable",
    ),
    **pages("accounts", "invite", "member-invite", "invitation-withdraw", "invitation-renew"),
    **pages("accounts", "manage_keys", "key-list", "key-create", "key-revoke"),
    # outbox
    **pages(
        "outbox", "manage_webhooks", "endpoint-list", "endpoint-create", "endpoint-detail", "endpoint-change",
        "endpoint-switch", "endpoint-rotate", "endpoint-remove", "endpoint-test", "endpoint-replay", "delivery-detail",
        "delivery-replay",
    ),
    # prompts
    **pages("prompts", "see_responses", "prompt-list", "prompt-detail", "version-detail", "version-compare"),
    # responses
    "responses:response-list": "see_responses",
    "responses:response-detail": "see_responses",
    "responses:response-export": "see_responses",
    "responses:filter-list": "see_responses",
    "responses:filter-save": "see_responses",
    "responses:filter-change": "see_responses",
    "responses:filter-delete": "see_responses",
    "responses:import": "ingest",
    "responses:upload-detail": "ingest",
    "responses:upload-check": "ingest",
    "responses:upload-start": "ingest",
    "responses:upload-discard": "ingest",
    "responses:upload-errors": "ingest",
    # judgements
    "judgements:response-verdicts": "see_reviews",
    # take-outs
    "takeouts:takeout-list": "manage_project",
    "takeouts:takeout-create": "manage_project",
    "takeouts:takeout-cancel": "manage_project",
    "takeouts:takeout-download": "manage_project",
    # erasures
    "erasures:erasure-list": "manage_project",
    "erasures:erasure-preview": "manage_project",
    "erasures:erasure-create": "manage_project",
    "erasures:erasure-detail": "manage_project",
    "responses:price-list": "manage_prices",
    "responses:price-use": "manage_prices",
    "responses:price-create": "manage_prices",
    # rubrics
    "rubrics:rubric-list": "see_queues",
    "rubrics:rubric-detail": "see_queues",
    "rubrics:rubric-create": "manage_queues",
    "rubrics:rubric-edit": "manage_queues",
    "rubrics:version-compare": "see_queues",
    "rubrics:rubric-export": "see_queues",
    "rubrics:version-news": "review",
    "rubrics:version-read": "review",
    # queues
    "queues:work": "enter",
    "queues:care": "review",
    "queues:history": "enter",
    "queues:turn": "enter",
    "queues:queue-list": "see_queues",
    "queues:queue-detail": "see_queues",
    "queues:queue-create": "manage_queues",
    "queues:queue-change": "manage_queues",
    "queues:response-items": "see_queues",
    "queues:queue-activity": "see_queues",
    "queues:queue-pace": "see_queues",
    "queues:queue-items": "see_queues",
    "queues:queue-state": "manage_queues",
    "queues:queue-versions": "manage_queues",
    "queues:rubric-preview": "see_queues",
    **{f"queues:{act}": "review" for act in (*TURN, "claim", "review", "draft", "pause", "skills")},
    "queues:escalation": "enter",
    "queues:correction-diff": "review",
    # sampling
    "sampling:rule-list": "sample",
    "sampling:rule-create": "sample",
    "sampling:rule-detail": "sample",
    "sampling:rule-change": "sample",
    "sampling:rule-trial": "sample",
    "sampling:rule-run": "sample",
    # imports
    "imports:import-labels": "import_reviews",
    "imports:upload-detail": "import_reviews",
    "imports:upload-start": "import_reviews",
    "imports:upload-discard": "import_reviews",
    "imports:upload-errors": "import_reviews",
    # quick passes
    **{f"passes:{part}": "manage_queues" for part in ("cards", "context", "undo")},
    # quality
    "quality:inbox": "enter",
    "quality:inbox-read": "enter",
    "quality:unsettled": "settle",
    "quality:settle": "settle",
    "quality:critics": "settle",
    "quality:response-critics": "see_assessments",
    "quality:queue-overlap": "manage_queues",
    "quality:queue-repeats": "manage_queues",
    "quality:attributes": "manage_members",
    "quality:attribute-remove": "manage_members",
    "quality:about-me": "enter",
    **{f"quality:{kind}{part}": "see_reviews" for kind in ANALYSES for part in ("", "-file", "-compute")},
    "quality:effort-cost": "manage_prices",
    "quality:reliability-reviewer": "enter",  # one's own; anybody's for those who see reviews
    # monitoring
    "monitoring:overview": "see_responses",
    "monitoring:overview-traffic": "see_responses",
    "monitoring:overview-queues": "see_responses",
    "monitoring:overview-waiting": "see_responses",
    "monitoring:overview-csv": "see_responses",
    "monitoring:prompt-quality": "see_responses",
    "quality:next": "settle",
    # gold and training
    "gold:gold-list": "manage_gold",
    "gold:gold-item": "manage_gold",
    "gold:gold-queue": "manage_gold",
    "gold:from-verdicts": "manage_gold",
    "gold:import": "manage_gold",
    "gold:open-training": "manage_gold",
    "gold:move-training": "manage_gold",
    "gold:training": "review",
    "gold:lesson": "review",
    # moderation
    **{
        f"moderation:{name}": "settle"
        for name in (
            "panel", "search", "action-undo", "item-list", "item-detail", "item-act", "review-act", "notice-detail",
            "queue-list", "queue-act", "queue-act-undo", "reviewer-reviews", "restrict", "restriction-lift",
            "bulk-confirm", "bulk-start", "bulk-detail", "escalation-list", "escalation-detail", "escalation-close",
        )
    },
    "moderation:member-skills": "manage_members",
    # audit
    "audit:event-list": "see_audit",
    "audit:event-download": "see_audit",
    "audit:object-trail": "see_audit",
    # datasets
    "datasets:dataset-list": "see_datasets",
    "datasets:dataset-detail": "see_datasets",
    "datasets:dataset-create": "publish",
    "datasets:dataset-change": "publish",
    "datasets:version-build": "publish",
    "datasets:version-replace": "publish",
    "datasets:version-changes": "see_datasets",
    "datasets:reviewer-uses": "enter",  # one's own; anybody's for those who see datasets
    "datasets:version-compare": "see_datasets",
    "datasets:version-detail": "see_datasets",
    "datasets:pair-list": "see_datasets",
    "datasets:pair-detail": "see_datasets",
    "datasets:excluded-list": "see_datasets",
    "datasets:contamination-list": "see_datasets",
    "datasets:contamination-detail": "see_datasets",
    "datasets:export-create": "publish",
    "datasets:export-download": "see_datasets",
    "datasets:export-share": "publish",
    "datasets:export-send": "publish",
    "datasets:link-create": "publish",
    "datasets:link-revoke": "publish",
    "datasets:response-uses": "see_datasets",
    # training
    "training:job-list": "see_training",
    "training:job-create": "train",
    "training:job-detail": "see_training",
    "training:job-cancel": "train",
    "training:job-metrics": "see_training",
    "training:trainer-list": "see_training",
    "training:trainer-create": "manage_trainers",
    "training:trainer-change": "manage_trainers",
    # monitoring
    "monitoring:find": "enter",
    "monitoring:job-list": "see_jobs",
    "monitoring:job-workers": "see_jobs",
    "monitoring:job-cancel": "manage_jobs",
    "monitoring:job-retry": "manage_jobs",
    # API
    "api:response-list": {"GET": "see_responses", "POST": "ingest"},
    "api:response-detail": {"GET": "see_responses"},
    "api:critic-list": {"GET": "see_assessments"},
    "api:assessment-list": {"GET": "see_assessments", "POST": "assess"},
    **reads("see_responses", "prompt-list", "prompt-detail", "prompt-version-list", "prompt-version-detail"),
    **reads(
        "see_queues", "rubric-list", "rubric-detail", "rubric-version-detail", "queue-list", "queue-detail",
        "queue-overlap", "queue-repeats", "queue-health", "item-list",
    ),
    "api:queue-gold": {"GET": "manage_gold"},
    "api:queue-claim": {"POST": "review"},
    "api:assignment-detail": {"GET": "review"},
    "api:assignment-draft": {"GET": "review", "PUT": "review"},
    **{f"api:assignment-{act}": {"POST": "review"} for act in TURN},
    "api:rule-list": {"GET": "sample"},
    "api:rule-detail": {"GET": "sample"},
    "api:rule-run": {"POST": "sample"},
    "api:run-detail": {"GET": "sample"},
    **reads(
        "see_reviews", "review-list", "vote-list", "span-list", "verdict-list", "reviewer-measure-list",
        "reviewer-notice-list", "dispute-list", "analysis-detail",
    ),
    "api:analysis-list": {"POST": "see_reviews"},
    **reads("see_escalations", "escalation-list", "escalation-detail"),
    "api:imported-review-list": {"POST": "import_reviews"},
    "api:gold-list": {"GET": "manage_gold", "POST": "manage_gold"},
    "api:gold-detail": {"GET": "manage_gold"},
    **reads(
        "see_datasets", "dataset-list", "version-list", "version-detail", "version-changes", "pair-origins",
        "use-list", "export-detail", "export-download", "shipment-detail", "preference-pair-list",
    ),
    "api:dataset-build": {"POST": "publish"},
    "api:version-export": {"POST": "publish"},
    "api:export-link": {"POST": "publish"},
    "api:export-shipment": {"POST": "publish"},
    "api:link-detail": {"GET": "publish", "DELETE": "publish"},
    **reads("see_training", "trainer-list", "fine-tune-detail", "training-metric-list", "training-line-list"),
    "api:fine-tune-list": {"GET": "see_training", "POST": "train"},
    "api:fine-tune-cancel": {"POST": "train"},
    "api:fine-tune-report": {"POST": "report_training"},
    "api:fine-tune-links": {"POST": "report_training"},
    "api:training-file": {"GET": "report_training"},
    "api:webhook-list": {"GET": "manage_webhooks", "POST": "manage_webhooks"},
    "api:webhook-detail": {"GET": "manage_webhooks", "PATCH": "manage_webhooks", "DELETE": "manage_webhooks"},
    "api:webhook-rotate": {"POST": "manage_webhooks"},
    "api:webhook-test": {"POST": "manage_webhooks"},
    "api:webhook-replay": {"POST": "manage_webhooks"},
    "api:webhook-event-list": {"GET": "manage_webhooks"},
    "api:webhook-delivery-list": {"GET": "manage_webhooks"},
    "api:webhook-delivery-detail": {"GET": "manage_webhooks"},
    "api:webhook-delivery-replay": {"POST": "manage_webhooks"},
    "api:audit-entry-list": {"GET": "see_audit"},
}  # fmt: skip

# Pages of an archived project that its admins still find; all others lead them to "project-archived".
OPEN_WHEN_ARCHIVED = frozenset(
    {"accounts:project-archived", "accounts:project-restore"}
    | {f"takeouts:takeout-{name}" for name in ("list", "create", "cancel", "download")}
    | {f"erasures:erasure-{name}" for name in ("list", "preview", "create", "detail")}
)


def verb_of(route: str, method: str) -> str | None:
    """The verb that a request needs, or None when the table does not know the route or the method."""
    entry = ROUTES.get(route)
    if entry is None or isinstance(entry, str):
        return entry
    return entry.get("GET" if method in {"HEAD", "OPTIONS"} else method)


def methods_of(route: str) -> list[str]:
    """The methods of a route whose entry names them; empty for the others."""
    entry = ROUTES.get(route)
    return [] if entry is None or isinstance(entry, str) else list(entry)


def may(role: str, verb: str) -> bool:
    return role in VERBS.get(verb, frozenset())


def opens(scopes: list[str], verb: str) -> bool:
    """Whether one of the scopes of an API key opens the verb."""
    return any(verb in SCOPES.get(scope, frozenset()) for scope in scopes)
