"""What the bar offers, in its order, and where a member lands; each entry with the verb that opens it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from feedback.permissions import may

# Navigation: label, route, verb. Shown in this order to those who may.
NAVIGATION = (
    (gettext_lazy("My work"), "queues:work", "enter"),
    (gettext_lazy("Overview"), "monitoring:overview", "see_responses"),
    (gettext_lazy("Responses"), "responses:response-list", "see_responses"),
    (gettext_lazy("Prompts"), "prompts:prompt-list", "see_responses"),
    (gettext_lazy("Rubrics"), "rubrics:rubric-list", "see_queues"),
    (gettext_lazy("Queues"), "queues:queue-list", "see_queues"),
    (gettext_lazy("Sampling"), "sampling:rule-list", "sample"),
    (gettext_lazy("Moderation"), "moderation:panel", "settle"),
    (gettext_lazy("Gold"), "gold:gold-list", "manage_gold"),
    (gettext_lazy("Leaderboard"), "quality:leaderboard", "see_reviews"),
    (gettext_lazy("Agreement"), "quality:agreement", "see_reviews"),
    (gettext_lazy("Reliability"), "quality:reliability", "see_reviews"),
    (gettext_lazy("Effort"), "quality:effort", "see_reviews"),
    (gettext_lazy("Critics"), "quality:proposals", "see_reviews"),
    (gettext_lazy("Datasets"), "datasets:dataset-list", "see_datasets"),
    (gettext_lazy("Training"), "training:job-list", "see_training"),
    (gettext_lazy("Jobs"), "monitoring:job-list", "see_jobs"),
    (gettext_lazy("People"), "accounts:member-list", "manage_members"),
    (gettext_lazy("Keys"), "accounts:key-list", "manage_keys"),
    (gettext_lazy("Webhooks"), "outbox:endpoint-list", "manage_webhooks"),
    (gettext_lazy("Prices"), "responses:price-list", "manage_prices"),
    (gettext_lazy("Settings"), "accounts:project-settings", "manage_project"),
    (gettext_lazy("Audit"), "audit:event-list", "see_audit"),
)

# Routes that stand in the bar's last menu, so that the bar stays readable for those who may do everything.
FOLDED = frozenset({
    "rubrics:rubric-list", "sampling:rule-list", "gold:gold-list", "training:job-list",
    "quality:leaderboard", "quality:agreement", "quality:reliability", "quality:effort",
    "quality:proposals",
    "monitoring:job-list", "responses:price-list", "accounts:member-list", "accounts:key-list",
    "outbox:endpoint-list", "accounts:project-settings", "audit:event-list",
})  # fmt: skip

# Where a member lands: the first of these that their role opens.
LANDING = (("monitoring:overview", "see_responses"), ("queues:work", "enter"))


def landing(role: str) -> str:
    """The route of a member's first page."""
    return next(route for route, verb in LANDING if may(role, verb))
