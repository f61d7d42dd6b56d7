from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("prompts", "0001_tables")]

    operations = [
        FreezeRows("PromptVersion", when="OLD.template <> '' OR OLD.system <> ''"),
    ]
