from django.db import migrations

from feedback.alter import ValidateConstraint


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0003_put_first'),
    ]

    operations = [
        ValidateConstraint('action', 'action_names_review'),
    ]
