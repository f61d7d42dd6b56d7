from django.db import migrations

from feedback.alter import ValidateConstraint


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0003_rounds_and_skills'),
    ]

    operations = [
        ValidateConstraint('place', 'place_again_is_extra'),
    ]
