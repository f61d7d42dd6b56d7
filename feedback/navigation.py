"""What the bar offers, in its order, and where a member lands; each entry with the verb that opens it."""

from __future__ import annotations

from feedback.permissions import may

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
    ("Gold", "gold:gold-list", "manage_gold"),
    ("Leaderboard", "quality:leaderboard", "see_reviews"),
    ("Agreement", "quality:agreement", "see_reviews"),
    ("Reliability", "quality:reliability", "see_reviews"),
    ("Effort", "quality:effort", "see_reviews"),
    ("Datasets", "datasets:dataset-list", "see_datasets"),
    ("Training", "training:job-list", "see_training"),
    ("Jobs", "monitoring:job-list", "see_jobs"),
    ("People", "accounts:member-list", "manage_members"),
    ("Keys", "accounts:key-list", "manage_keys"),
    ("Webhooks", "outbox:endpoint-list", "manage_webhooks"),
    ("Prices", "responses:price-list", "manage_prices"),
    ("Settings", "accounts:project-settings", "manage_project"),
    ("Audit", "audit:event-list", "see_audit"),
)

# Labels that stand in the bar's last menu, so that the bar stays readable for those who may do everything.
FOLDED = frozenset(
    {
        "Rubrics", "Sampling", "Gold", "Training", "Leaderboard", "Agreement", "Reliability", "Effort", "Jobs",
        "Prices", "People", "Keys", "Webhooks", "Settings", "Audit",
    }
)  # fmt: skip

# Where a member lands: the first of these that their role opens.
LANDING = (("monitoring:overview", "see_responses"), ("queues:work", "enter"))


def landing(role: str) -> str:
    """The route of a member's first page."""
    return next(route for route, verb in LANDING if may(role, verb))
