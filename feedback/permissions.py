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
    "see_queues": frozenset({CURATOR, MODERATOR, ADMIN}),
    "manage_queues": frozenset({CURATOR, ADMIN}),
    "sample": frozenset({CURATOR, ADMIN}),
    "see_reviews": frozenset({CURATOR, MODERATOR, ADMIN}),
    "import_reviews": frozenset({CURATOR, ADMIN}),
    "settle": frozenset({MODERATOR, ADMIN}),
    "see_datasets": frozenset({CURATOR, MODERATOR, ADMIN}),
    "publish": frozenset({CURATOR, ADMIN}),  # build versions, make exports
    "see_jobs": frozenset({CURATOR, MODERATOR, ADMIN}),
    "manage_jobs": frozenset({CURATOR, ADMIN}),  # cancel a job, try a failed one again
    "invite": frozenset({ADMIN}),
    "manage_members": frozenset({ADMIN}),
    "manage_keys": frozenset({ADMIN}),
    "see_audit": frozenset({MODERATOR, ADMIN}),
    "manage_project": frozenset({ADMIN}),  # its settings, the archive, take-outs
    "manage_prices": frozenset({CURATOR, ADMIN}),
}

# Scope of an API key -> verbs it opens. A key bound to a member also needs the member's role.
SCOPES: Mapping[str, frozenset[str]] = {
    "ingest": frozenset({"ingest"}),
    "responses:read": frozenset({"see_responses"}),
    "review": frozenset({"enter", "review"}),
    "review:import": frozenset({"import_reviews"}),
    "reviews:read": frozenset({"see_reviews", "see_queues"}),
    "queues:write": frozenset({"see_queues", "manage_queues", "sample"}),
    "datasets:read": frozenset({"see_datasets"}),
    "datasets:write": frozenset({"see_datasets", "publish"}),
}

PUBLIC = "public"  # no sign-in: sign-in itself, health, the API's description
SIGNED_IN = "signed_in"  # any signed-in person, no project in the address
STAFF = "staff"  # Django's admin: staff only, its own permission checks inside

Verb = str | Mapping[str, str]

ROUTES: Mapping[str, Verb] = {
    # root
    "home": SIGNED_IN,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": PUBLIC,  # the page itself asks for the operator's token
    "components": STAFF,
    "api-schema": PUBLIC,
    "api-docs": PUBLIC,
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
    "accounts:project-settings": "manage_project",
    "accounts:project-archive": "manage_project",
    "accounts:project-archived": "manage_project",
    "accounts:project-restore": "manage_project",
    "accounts:member-list": "manage_members",
    "accounts:source-list": "manage_members",
    "accounts:member-invite": "invite",
    "accounts:invitation-withdraw": "invite",
    "accounts:invitation-renew": "invite",
    "accounts:member-change": "manage_members",
    "accounts:member-disable": "manage_members",
    "accounts:member-enable": "manage_members",
    "accounts:key-list": "manage_keys",
    "accounts:key-create": "manage_keys",
    "accounts:key-revoke": "manage_keys",
    # prompts
    "prompts:prompt-list": "see_responses",
    "prompts:prompt-detail": "see_responses",
    "prompts:version-detail": "see_responses",
    "prompts:version-compare": "see_responses",
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
    # queues
    "queues:work": "enter",
    "queues:history": "enter",
    "queues:turn": "enter",
    "queues:queue-list": "see_queues",
    "queues:queue-detail": "see_queues",
    "queues:queue-create": "manage_queues",
    "queues:queue-change": "manage_queues",
    "queues:response-items": "see_queues",
    "queues:queue-activity": "see_queues",
    "queues:queue-items": "see_queues",
    "queues:queue-state": "manage_queues",
    "queues:rubric-preview": "see_queues",
    "queues:claim": "review",
    "queues:review": "review",
    "queues:submit": "review",
    "queues:draft": "review",
    "queues:heartbeat": "review",
    "queues:release": "review",
    "queues:skip": "review",
    "queues:undo": "review",
    "queues:escalate": "review",
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
    # quality
    "quality:unsettled": "settle",
    "quality:settle": "settle",
    # monitoring
    "monitoring:overview": "see_responses",
    "monitoring:overview-traffic": "see_responses",
    "monitoring:overview-queues": "see_responses",
    "monitoring:overview-waiting": "see_responses",
    "monitoring:overview-csv": "see_responses",
    "monitoring:prompt-quality": "see_responses",
    "quality:next": "settle",
    # moderation
    "moderation:panel": "settle",
    "moderation:search": "settle",
    "moderation:action-undo": "settle",
    "moderation:item-list": "settle",
    "moderation:item-detail": "settle",
    "moderation:item-act": "settle",
    "moderation:review-act": "settle",
    "moderation:bulk-confirm": "settle",
    "moderation:bulk-start": "settle",
    "moderation:bulk-detail": "settle",
    "moderation:escalation-list": "settle",
    "moderation:escalation-detail": "settle",
    "moderation:escalation-close": "settle",
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
    "datasets:version-compare": "see_datasets",
    "datasets:version-detail": "see_datasets",
    "datasets:pair-list": "see_datasets",
    "datasets:pair-detail": "see_datasets",
    "datasets:excluded-list": "see_datasets",
    "datasets:export-create": "publish",
    "datasets:export-download": "see_datasets",
    "datasets:response-uses": "see_datasets",
    # monitoring
    "monitoring:find": "enter",
    "monitoring:job-list": "see_jobs",
    "monitoring:job-workers": "see_jobs",
    "monitoring:job-cancel": "manage_jobs",
    "monitoring:job-retry": "manage_jobs",
    # API
    "api:response-list": {"GET": "see_responses", "POST": "ingest"},
    "api:response-detail": {"GET": "see_responses"},
    "api:prompt-list": {"GET": "see_responses"},
    "api:prompt-detail": {"GET": "see_responses"},
    "api:prompt-version-list": {"GET": "see_responses"},
    "api:prompt-version-detail": {"GET": "see_responses"},
    "api:rubric-list": {"GET": "see_queues"},
    "api:rubric-detail": {"GET": "see_queues"},
    "api:rubric-version-detail": {"GET": "see_queues"},
    "api:queue-list": {"GET": "see_queues"},
    "api:queue-detail": {"GET": "see_queues"},
    "api:queue-claim": {"POST": "review"},
    "api:assignment-detail": {"GET": "review"},
    "api:assignment-draft": {"GET": "review", "PUT": "review"},
    "api:assignment-submit": {"POST": "review"},
    "api:assignment-skip": {"POST": "review"},
    "api:assignment-escalate": {"POST": "review"},
    "api:assignment-undo": {"POST": "review"},
    "api:assignment-heartbeat": {"POST": "review"},
    "api:assignment-release": {"POST": "review"},
    "api:rule-list": {"GET": "sample"},
    "api:rule-detail": {"GET": "sample"},
    "api:rule-run": {"POST": "sample"},
    "api:run-detail": {"GET": "sample"},
    "api:review-list": {"GET": "see_reviews"},
    "api:verdict-list": {"GET": "see_reviews"},
    "api:imported-review-list": {"POST": "import_reviews"},
    "api:dataset-list": {"GET": "see_datasets"},
    "api:dataset-build": {"POST": "publish"},
    "api:version-detail": {"GET": "see_datasets"},
    "api:version-export": {"POST": "publish"},
    "api:export-detail": {"GET": "see_datasets"},
    "api:export-download": {"GET": "see_datasets"},
    "api:preference-pair-list": {"GET": "see_datasets"},
}

# Pages of an archived project that its admins still find; all others lead them to "project-archived".
OPEN_WHEN_ARCHIVED = frozenset(
    {"accounts:project-archived", "accounts:project-restore"}
    | {f"takeouts:takeout-{name}" for name in ("list", "create", "cancel", "download")}
)

# Navigation: label, route, verb. Shown in this order to those who may.
NAVIGATION = (
    ("My work", "queues:work", "enter"),
    ("Overview", "monitoring:overview", "see_responses"),
    ("Responses", "responses:response-list", "see_responses"),
    ("Prompts", "prompts:prompt-list", "see_responses"),
    ("Rubrics", "rubrics:rubric-list", "see_queues"),
    ("Queues", "queues:queue-list", "see_queues"),
    ("Sampling", "sampling:rule-list", "sample"),
    ("Moderation", "moderation:panel", "settle"),
    ("Datasets", "datasets:dataset-list", "see_datasets"),
    ("Jobs", "monitoring:job-list", "see_jobs"),
    ("People", "accounts:member-list", "manage_members"),
    ("Keys", "accounts:key-list", "manage_keys"),
    ("Prices", "responses:price-list", "manage_prices"),
    ("Settings", "accounts:project-settings", "manage_project"),
    ("Audit", "audit:event-list", "see_audit"),
)

# Labels that stand in the bar's last menu, so that the bar stays readable for those who may do everything.
FOLDED = frozenset({"Rubrics", "Sampling", "Jobs", "Prices", "People", "Keys", "Settings", "Audit"})

# Where a member lands: the first of these that their role opens.
LANDING = (("monitoring:overview", "see_responses"), ("queues:work", "enter"))


def landing(role: str) -> str:
    """The route of a member's first page."""
    return next(route for route, verb in LANDING if may(role, verb))


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
