from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("judgements", "0001_tables")]

    operations = [
        FreezeRows("Review", except_fields=["withdrawn_at", "invalidated_at"]),
        FreezeRows("Rating"),
        FreezeRows("Comparison"),
        FreezeRows("Span"),
        FreezeRows("Correction"),
        FreezeRows("Verdict", except_fields=["is_current", "superseded_at"]),
    ]
