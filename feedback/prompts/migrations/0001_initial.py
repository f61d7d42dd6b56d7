import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('prompts', '0001_tables'),
        ('prompts', '0002_frozen'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Prompt',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='PromptVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('label', models.CharField(help_text="The caller's name for it, such as v7 or a commit.", max_length=100)),
                    ('template', models.TextField(blank=True)),
                    ('system', models.TextField(blank=True)),
                    ('parameters', models.JSONField(blank=True, default=dict)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='prompts.prompt')),
                ],
            ),
            migrations.AddConstraint(
                model_name='prompt',
                constraint=models.UniqueConstraint(models.F('project'), models.F('name'), name='prompt_once'),
            ),
            migrations.AddConstraint(
                model_name='promptversion',
                constraint=models.UniqueConstraint(models.F('prompt'), models.F('label'), name='prompt_version_once'),
            ),
        ]),
        FreezeRows('PromptVersion', when="OLD.template <> '' OR OLD.system <> ''"),
    ]
