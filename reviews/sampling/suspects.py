"""Which rules draw by what a response was like: what they draw is suspected, and says nothing about the rest."""

from __future__ import annotations

from reviews.sampling.models import SamplingRuleVersion

# Filters by where a response comes from. All others (feedback, verdict, price, length, tags) pick suspects.
OF_ORIGIN = frozenset(
    """prompt prompt_version model provider origin environment segment conversation_id trace_id
    subject_key batch id external_id responded_after responded_before consent""".split()
)


def rules_for_suspects(project_id: int) -> list[str]:
    """Labels, as stamped on items and verdicts, of the rule versions whose filter picks by what a response was like."""
    rows = SamplingRuleVersion.objects.filter(project=project_id).exclude(filter={})
    return [
        f"{key} v{number}"
        for key, number, chosen in rows.values_list("rule__key", "number", "filter")
        if not OF_ORIGIN.issuperset(name for name, value in chosen.items() if value not in ("", None))
    ]
