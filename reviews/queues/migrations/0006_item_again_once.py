from django.db import migrations, models

from feedback.alter import AddUniqueConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("queues", "0005_versions"),
    ]

    operations = [
        AddUniqueConcurrently(
            model_name="item",
            constraint=models.UniqueConstraint(
                condition=models.Q(("earlier__isnull", True)), fields=("queue", "subject"), name="item_first_once"
            ),
        ),
        AddUniqueConcurrently(
            model_name="item",
            constraint=models.UniqueConstraint(
                condition=models.Q(("earlier__isnull", False)), fields=("earlier",), name="item_again_once"
            ),
        ),
    ]
