from django.db import migrations

from feedback.alter import TuneStorage

# Vacuum after two rows in a hundred are dead, not twenty: what a claim walks past counts, not the size of the table.
SOON = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_threshold": 1000, "autovacuum_analyze_scale_factor": 0.02}


class Migration(migrations.Migration):
    dependencies = [("queues", "0003_admissions")]

    operations = [
        TuneStorage("Place", **SOON),
        TuneStorage("Assignment", **SOON),
        TuneStorage("Item", **SOON),
    ]
