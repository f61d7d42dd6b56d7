import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('rubrics', '0001_tables'),
        ('rubrics', '0002_frozen'),
        ('rubrics', '0003_conditions'),
        ('rubrics', '0004_drafts'),
        ('rubrics', '0005_words'),
        ('rubrics', '0006_ranking'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Guideline',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='GuidelineVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField()),
                    ('text', models.TextField(help_text='Markdown.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('guideline', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='rubrics.guideline')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='Rubric',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='RubricVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField()),
                    ('subject_size', models.PositiveSmallIntegerField(default=1, help_text='1 judges a response, 2 compares a pair, more are ranked.')),
                    ('frozen_at', models.DateTimeField(blank=True, help_text='When a queue first used it; it never changes after.', null=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('guideline', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rubric_versions', to='rubrics.guidelineversion')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('rubric', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='rubrics.rubric')),
                ],
            ),
            migrations.CreateModel(
                name='RubricDraft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('definitions', models.JSONField(blank=True, default=list, help_text='As typed, in the shape of publish.')),
                    ('guideline', models.TextField(blank=True, help_text='Markdown.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('updated_at', models.DateTimeField(auto_now=True)),
                    ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rubric_drafts', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('rubric', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='rubrics.rubric')),
                    ('based_on', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='rubrics.rubricversion')),
                ],
            ),
            migrations.CreateModel(
                name='Criterion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.SlugField(max_length=60)),
                    ('position', models.PositiveSmallIntegerField()),
                    ('kind', models.CharField(choices=[('scale', 'Scale'), ('yes_no', 'Yes or no'), ('choice', 'Choice'), ('multi_choice', 'Choice of several'), ('text', 'Text'), ('spans', 'Spans'), ('comparison', 'Comparison'), ('ranking', 'Ranking'), ('correction', 'Correction')], max_length=12)),
                    ('label', models.CharField(max_length=200)),
                    ('help_text', models.CharField(blank=True, max_length=500)),
                    ('is_required', models.BooleanField(default=True)),
                    ('options', models.JSONField(blank=True, default=dict)),
                    ('fails_when', models.JSONField(blank=True, default=dict)),
                    ('asked_when', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='Empty: always.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='rubrics.rubricversion')),
                ],
                options={
                    'verbose_name_plural': 'criteria',
                    'ordering': ['rubric_version_id', 'position'],
                },
            ),
            migrations.AddConstraint(
                model_name='guideline',
                constraint=models.UniqueConstraint(models.F('project'), models.F('name'), name='guideline_once'),
            ),
            migrations.AddConstraint(
                model_name='guidelineversion',
                constraint=models.UniqueConstraint(models.F('guideline'), models.F('number'), name='guideline_version_once'),
            ),
            migrations.AddConstraint(
                model_name='rubric',
                constraint=models.UniqueConstraint(models.F('project'), models.F('name'), name='rubric_once'),
            ),
            migrations.AddConstraint(
                model_name='rubricversion',
                constraint=models.UniqueConstraint(models.F('rubric'), models.F('number'), name='rubric_version_once'),
            ),
            migrations.AddConstraint(
                model_name='rubricdraft',
                constraint=models.UniqueConstraint(models.F('rubric'), models.F('author'), name='rubric_draft_once'),
            ),
            migrations.AddConstraint(
                model_name='criterion',
                constraint=models.UniqueConstraint(models.F('rubric_version'), models.F('key'), name='criterion_once'),
            ),
            migrations.AddConstraint(
                model_name='criterion',
                constraint=models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='criterion_has_key'),
            ),
        ]),
        FreezeRows('GuidelineVersion'),
        FreezeRows('RubricVersion', when='OLD.frozen_at IS NOT NULL'),
        FreezeRows('Criterion'),
    ]
