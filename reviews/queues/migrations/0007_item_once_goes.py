from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("queues", "0006_item_again_once"),
    ]

    operations = [
        migrations.RemoveConstraint("item", "item_once"),
    ]
