from django.db import migrations

from feedback.frozen import FreezeRows

# What may change after a response came in: late parts and facts from above. Identity, hashes and draw key never do.
FACTS = [
    "batch", "prompt_version", "model", "conversation_id", "trace_id", "span_id", "subject_key", "origin", "environment",
    "segment", "licence", "consent", "tags", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost",
    "cost_is_given", "latency_ms", "is_queued", "has_feedback", "verdict",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("responses", "0001_tables")]

    operations = [
        FreezeRows("Response", except_fields=FACTS),
        FreezeRows("ResponseBody"),
        FreezeRows("Passage"),
        FreezeRows("Subject"),
        FreezeRows("SubjectResponse"),
    ]
