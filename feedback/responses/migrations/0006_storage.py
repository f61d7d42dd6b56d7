from django.db import migrations

from feedback.alter import CompressWithLz4, TuneStorage


class Migration(migrations.Migration):
    dependencies = [("responses", "0005_price_corrections")]

    operations = [
        TuneStorage("Response", fillfactor=90, autovacuum_vacuum_scale_factor=0.05),  # room for facts stamped later
        CompressWithLz4({
            "ResponseBody": ["messages", "tools", "variables", "output", "tool_calls", "parameters", "metadata"],
            "Passage": ["text"],
        }),
    ]
