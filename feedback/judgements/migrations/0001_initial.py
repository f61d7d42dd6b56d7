import django.db.models.deletion
import uuid
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('judgements', '0001_tables'),
        ('judgements', '0002_frozen'),
        ('judgements', '0003_rating_chosen'),
        ('judgements', '0004_by_day'),
        ('judgements', '0005_answers_as_listed'),
        ('judgements', '0006_erasure'),
        ('judgements', '0007_taken_back'),
        ('judgements', '0008_rankings'),
        ('judgements', '0009_rankings_valid'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('responses', '0001_initial'),
        ('rubrics', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Review',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('origin', models.CharField(help_text="The queue's key as a plain value.", max_length=60)),
                    ('round', models.PositiveSmallIntegerField(default=1)),
                    ('revision', models.PositiveSmallIntegerField(default=1)),
                    ('submission_id', models.UUIDField(default=uuid.uuid4, help_text='Chosen by the client; the same one is stored once.')),
                    ('digest', models.CharField(help_text='SHA-256 of the canonical answers as submitted.', max_length=64)),
                    ('shown_order', models.JSONField(blank=True, default=list, help_text='Response ids in the order shown.')),
                    ('visible', models.JSONField(blank=True, default=dict, help_text='What else the reviewer saw: critic, other answers.')),
                    ('active_ms', models.PositiveIntegerField(blank=True, null=True)),
                    ('note', models.TextField(blank=True, help_text="Why, in the reviewer's words.")),
                    ('submitted_at', models.DateTimeField()),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                    ('invalidated_at', models.DateTimeField(blank=True, null=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='accounts.member')),
                    ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='rubrics.rubricversion')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='responses.subject')),
                ],
            ),
            migrations.CreateModel(
                name='Rating',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.FloatField(blank=True, null=True)),
                    ('value', models.CharField(blank=True, max_length=100)),
                    ('chosen', models.JSONField(blank=True, help_text="The values chosen of several, in the rubric's order.", null=True)),
                    ('text', models.TextField(blank=True)),
                    ('part', models.CharField(blank=True, help_text='What of the subject it is about, when not the whole.', max_length=40)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rubrics.criterion')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='judgements.review')),
                ],
            ),
            migrations.CreateModel(
                name='Correction',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('text', models.TextField()),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rubrics.criterion')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('response', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='responses.response')),
                    ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='judgements.review')),
                ],
            ),
            migrations.CreateModel(
                name='Comparison',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('outcome', models.CharField(choices=[('preferred', 'Preferred'), ('tie', 'Tie'), ('both_bad', 'both bad'), ('ranked', 'Ranked')], max_length=9)),
                    ('strength', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('ranking', models.JSONField(blank=True, default=list, help_text='Of what is ranked: response ids in tiers, the best tier first.')),
                    ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rubrics.criterion')),
                    ('preferred', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='responses.response')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='judgements.review')),
                ],
            ),
            migrations.CreateModel(
                name='Span',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('start', models.PositiveIntegerField()),
                    ('end', models.PositiveIntegerField()),
                    ('quote', models.TextField()),
                    ('prefix', models.CharField(blank=True, max_length=64)),
                    ('suffix', models.CharField(blank=True, max_length=64)),
                    ('text_hash', models.CharField(max_length=64)),
                    ('kind', models.CharField(max_length=60)),
                    ('severity', models.CharField(blank=True, max_length=20)),
                    ('note', models.TextField(blank=True)),
                    ('evidence_start', models.PositiveIntegerField(blank=True, null=True)),
                    ('evidence_end', models.PositiveIntegerField(blank=True, null=True)),
                    ('evidence_quote', models.TextField(blank=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rubrics.criterion')),
                    ('evidence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='responses.passage')),
                    ('marked_passage', models.ForeignKey(blank=True, help_text='Set when the mark is in a source text.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='responses.passage')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('response', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spans', to='responses.response')),
                    ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='judgements.review')),
                ],
                options={
                    'ordering': ['review_id', 'start', 'end'],
                },
            ),
            migrations.CreateModel(
                name='Verdict',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('origin', models.CharField(help_text="The queue's key as a plain value.", max_length=60)),
                    ('method', models.CharField(choices=[('consensus', 'Consensus'), ('adjudicated', 'Adjudicated'), ('gold', 'Gold'), ('imported', 'Imported')], max_length=12)),
                    ('answers', models.JSONField()),
                    ('is_failure', models.BooleanField(blank=True, help_text="By the criteria's fails_when; empty when none has one.", null=True)),
                    ('n_reviews', models.PositiveSmallIntegerField()),
                    ('review_ids', models.JSONField(default=list)),
                    ('reason', models.TextField(blank=True)),
                    ('queue_label', models.CharField(blank=True, max_length=120)),
                    ('rule_label', models.CharField(blank=True, help_text='Sampling rule and version that drew it.', max_length=120)),
                    ('inclusion_probability', models.FloatField(blank=True, null=True)),
                    ('is_current', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('superseded_at', models.DateTimeField(blank=True, null=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='rubrics.rubricversion')),
                    ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='responses.subject')),
                ],
            ),
            migrations.AddIndex(
                model_name='review',
                index=models.Index(fields=['reviewer', '-submitted_at'], name='judgements__reviewe_585972_idx'),
            ),
            migrations.AddIndex(
                model_name='review',
                index=models.Index(fields=['project', '-id'], name='judgements__project_15271a_idx'),
            ),
            migrations.AddIndex(
                model_name='review',
                index=models.Index(condition=models.Q(('invalidated_at__isnull', True), ('withdrawn_at__isnull', True)), fields=['project', 'submitted_at'], name='review_standing_by_day'),
            ),
            migrations.AddIndex(
                model_name='review',
                index=models.Index(condition=models.Q(('withdrawn_at__isnull', False), ('invalidated_at__isnull', False), _connector='OR'), fields=['project', 'withdrawn_at', 'invalidated_at'], name='review_taken_back'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.UniqueConstraint(models.F('project'), models.F('submission_id'), name='submission_once'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.UniqueConstraint(models.F('subject'), models.F('rubric_version'), models.F('origin'), models.F('reviewer'), models.F('round'), models.F('revision'), name='review_revision_once'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.UniqueConstraint(models.F('subject'), models.F('rubric_version'), models.F('origin'), models.F('reviewer'), models.F('round'), condition=models.Q(('withdrawn_at__isnull', True)), name='review_standing_once'),
            ),
            migrations.AddIndex(
                model_name='rating',
                index=models.Index(fields=['project', '-review', 'criterion', 'id'], name='rating_as_listed'),
            ),
            migrations.AddConstraint(
                model_name='rating',
                constraint=models.UniqueConstraint(models.F('review'), models.F('criterion'), models.F('part'), name='rating_once'),
            ),
            migrations.AddConstraint(
                model_name='correction',
                constraint=models.UniqueConstraint(models.F('review'), models.F('criterion'), models.F('response'), name='correction_once'),
            ),
            migrations.AddIndex(
                model_name='comparison',
                index=models.Index(fields=['project', '-review', 'criterion', 'id'], name='comparison_as_listed'),
            ),
            migrations.AddConstraint(
                model_name='comparison',
                constraint=models.UniqueConstraint(models.F('review'), models.F('criterion'), name='comparison_once'),
            ),
            migrations.AddConstraint(
                model_name='comparison',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'preferred'), ('preferred__isnull', False), ('strength__gte', 1), ('strength__lte', 3)), models.Q(models.Q(('outcome', 'preferred'), _negated=True), ('preferred__isnull', True), ('strength__isnull', True)), _connector='OR'), name='comparison_preferred_has_strength'),
            ),
            migrations.AddConstraint(
                model_name='comparison',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'ranked'), models.Q(('ranking', []), _negated=True)), models.Q(models.Q(('outcome', 'ranked'), _negated=True), ('ranking', [])), _connector='OR'), name='comparison_ranked_has_ranking'),
            ),
            migrations.AddIndex(
                model_name='span',
                index=models.Index(fields=['project', '-id'], name='span_as_listed'),
            ),
            migrations.AddConstraint(
                model_name='span',
                constraint=models.CheckConstraint(condition=models.Q(('start__lt', models.F('end'))), name='span_not_empty'),
            ),
            migrations.AddIndex(
                model_name='verdict',
                index=models.Index(fields=['project', '-id'], name='judgements__project_db5f81_idx'),
            ),
            migrations.AddIndex(
                model_name='verdict',
                index=models.Index(condition=models.Q(('is_current', True)), fields=['project', 'created_at'], name='verdict_current_by_day'),
            ),
            migrations.AddIndex(
                model_name='verdict',
                index=models.Index(condition=models.Q(('is_current', False)), fields=['project'], name='verdict_ended'),
            ),
            migrations.AddConstraint(
                model_name='verdict',
                constraint=models.UniqueConstraint(models.F('subject'), models.F('rubric_version'), models.F('origin'), condition=models.Q(('is_current', True)), name='verdict_current_once'),
            ),
        ]),
        FreezeRows('Review', except_fields=['withdrawn_at', 'invalidated_at'], erased={'note': "''", 'digest': "''"}),
        FreezeRows('Rating', erased={'text': "''"}),
        FreezeRows('Span', erased={'quote': "''", 'prefix': "''", 'suffix': "''", 'text_hash': "''", 'note': "''", 'evidence_quote': "''"}),
        FreezeRows('Correction', erased={'text': "''"}),
        FreezeRows('Verdict', except_fields=['is_current', 'superseded_at'], erased={'reason': "''", 'answers': ''}),
        FreezeRows('Comparison'),
    ]
