import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CompressWithLz4, CreateTables, TuneStorage
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('responses', '0001_tables'),
        ('responses', '0002_frozen'),
        ('responses', '0003_saved_filters'),
        ('responses', '0004_uploads'),
        ('responses', '0005_price_corrections'),
        ('responses', '0006_storage'),
        ('responses', '0007_changed_days'),
        ('responses', '0008_one_index_each'),
        ('responses', '0009_erasure'),
        ('responses', '0010_of_end_user'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('prompts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Response',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('external_id', models.CharField(max_length=200)),
                    ('body_hash', models.CharField(help_text='Of the caller-owned immutable fields.', max_length=64)),
                    ('prompt_hash', models.CharField(help_text='Of the rendered messages and tools.', max_length=64)),
                    ('input_hash', models.CharField(help_text='Responses to the same input share it and are comparable.', max_length=64)),
                    ('fold_hash', models.CharField(help_text='Of the folded input, for duplicates and splits.', max_length=64)),
                    ('output_hash', models.CharField(help_text="SHA-256 of the output's canonical text; spans name it.", max_length=64)),
                    ('draw_key', models.FloatField(help_text="Uniform in [0, 1), from the project's salt and the external id.")),
                    ('conversation_id', models.CharField(blank=True, max_length=200)),
                    ('trace_id', models.CharField(blank=True, max_length=64)),
                    ('span_id', models.CharField(blank=True, max_length=32)),
                    ('subject_key', models.CharField(blank=True, help_text='The end user, as the application names them.', max_length=200)),
                    ('origin', models.CharField(choices=[('production', 'Production'), ('replay', 'Replay'), ('import', 'Import'), ('test', 'Test')], default='production', max_length=10)),
                    ('environment', models.CharField(blank=True, max_length=60)),
                    ('segment', models.CharField(blank=True, max_length=100)),
                    ('licence', models.CharField(blank=True, max_length=100)),
                    ('consent', models.BooleanField(blank=True, help_text='Whether training on it is allowed; empty is unknown.', null=True)),
                    ('tags', models.JSONField(blank=True, default=list)),
                    ('input_tokens', models.PositiveIntegerField(blank=True, null=True)),
                    ('output_tokens', models.PositiveIntegerField(blank=True, null=True)),
                    ('cached_tokens', models.PositiveIntegerField(blank=True, null=True)),
                    ('reasoning_tokens', models.PositiveIntegerField(blank=True, null=True)),
                    ('cost', models.DecimalField(blank=True, decimal_places=9, max_digits=18, null=True)),
                    ('cost_is_given', models.BooleanField(default=False, help_text='False: computed from the price table.')),
                    ('latency_ms', models.PositiveIntegerField(blank=True, null=True)),
                    ('responded_at', models.DateTimeField()),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('is_queued', models.BooleanField(default=False)),
                    ('has_feedback', models.BooleanField(default=False)),
                    ('verdict', models.CharField(blank=True, help_text='passed or failed, by its newest verdict.', max_length=10)),
                    ('erased_by', models.BigIntegerField(blank=True, help_text='The erasure that it belongs to.', null=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text='When its texts and names were taken out.', null=True)),
                ],
            ),
            migrations.CreateModel(
                name='IngestBatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(help_text='api, file or demo.', max_length=20)),
                    ('name', models.CharField(blank=True, max_length=200)),
                    ('accepted', models.PositiveBigIntegerField(default=0)),
                    ('repeated', models.PositiveBigIntegerField(default=0)),
                    ('filled', models.PositiveBigIntegerField(default=0, help_text='Known rows to which late parts were added.')),
                    ('refused', models.PositiveBigIntegerField(default=0)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='LanguageModel',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('provider', models.CharField(blank=True, max_length=60)),
                    ('name', models.CharField(max_length=120)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='Price',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('valid_from', models.DateField()),
                    ('currency', models.CharField(default='USD', max_length=3)),
                    ('input', models.DecimalField(decimal_places=6, max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                    ('cached_input', models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                    ('output', models.DecimalField(decimal_places=6, max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='responses.languagemodel')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='ResponseBody',
                fields=[
                    ('response', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='body', serialize=False, to='responses.response')),
                    ('messages', models.JSONField(help_text='The conversation up to the answer: [{role, content, name?, tool_calls?, …}].')),
                    ('tools', models.JSONField(blank=True, default=list)),
                    ('variables', models.JSONField(blank=True, null=True)),
                    ('input_key', models.CharField(blank=True, max_length=200)),
                    ('output', models.TextField(help_text="The answer's canonical text; offsets of spans count its code points.")),
                    ('tool_calls', models.JSONField(blank=True, default=list, help_text='Calls that the answer makes.')),
                    ('parameters', models.JSONField(blank=True, default=dict)),
                    ('metadata', models.JSONField(blank=True, default=dict)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                ],
            ),
            migrations.AddField(
                model_name='response',
                name='batch',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='responses', to='responses.ingestbatch'),
            ),
            migrations.AddField(
                model_name='response',
                name='model',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='responses.languagemodel'),
            ),
            migrations.AddField(
                model_name='response',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project'),
            ),
            migrations.AddField(
                model_name='response',
                name='prompt_version',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='prompts.promptversion'),
            ),
            migrations.CreateModel(
                name='Passage',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField()),
                    ('external_id', models.CharField(blank=True, max_length=200)),
                    ('title', models.CharField(blank=True, max_length=300)),
                    ('text', models.TextField()),
                    ('text_hash', models.CharField(max_length=64)),
                    ('url', models.CharField(blank=True, max_length=2000)),
                    ('store', models.CharField(blank=True, max_length=100)),
                    ('score', models.FloatField(blank=True, null=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('response', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='passages', to='responses.response')),
                ],
                options={
                    'ordering': ['response_id', 'position'],
                },
            ),
            migrations.CreateModel(
                name='ResponseUpload',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('attempt', models.PositiveIntegerField(default=0, help_text='How often a worker has claimed it; the fence of its writes.')),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('cursor', models.JSONField(blank=True, default=dict)),
                    ('done', models.PositiveBigIntegerField(default=0, help_text='Units of work finished.')),
                    ('total', models.PositiveBigIntegerField(blank=True, help_text='Units of work in all, once known.', null=True)),
                    ('error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('state', models.CharField(choices=[('waiting', 'waiting for its go-ahead'), ('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=9)),
                    ('name', models.CharField(blank=True, help_text='Of the file where it came from; empty when pasted.', max_length=200)),
                    ('file', models.CharField(blank=True, help_text='Name in the file storage, until it is taken in.', max_length=200)),
                    ('form', models.CharField(blank=True, help_text='What is in it, by how it begins.', max_length=6)),
                    ('n_bytes', models.PositiveBigIntegerField(default=0)),
                    ('columns', models.JSONField(blank=True, default=dict, help_text='Which column of a CSV file holds a field.')),
                    ('preview', models.JSONField(blank=True, default=dict, help_text='How its first rows fared in the trial.')),
                    ('counts', models.JSONField(blank=True, default=dict, help_text='How many rows fared in which way.')),
                    ('refused', models.JSONField(blank=True, default=list, help_text='The first refused rows.')),
                    ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='responses.ingestbatch')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='SavedFilter',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80)),
                    ('query', models.TextField(blank=True, help_text='As it stands in the address, names in order.')),
                    ('is_shared', models.BooleanField(default=False, help_text="Whether others who see the project's responses see it.")),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='Subject',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(help_text="Ids of its responses in ascending order, joined by '+'.", max_length=200)),
                    ('size', models.PositiveSmallIntegerField(default=1)),
                    ('input_hash', models.CharField(max_length=64)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='SubjectResponse',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField()),
                    ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subject_parts', to='responses.response')),
                    ('subject', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='responses.subject')),
                ],
            ),
            migrations.CreateModel(
                name='UserFeedback',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(default='rating', max_length=40)),
                    ('score', models.FloatField(blank=True, null=True)),
                    ('comment', models.TextField(blank=True)),
                    ('at', models.DateTimeField(blank=True, null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='user_feedback', to='responses.response')),
                ],
                options={
                    'verbose_name_plural': 'user feedback',
                },
            ),
            migrations.CreateModel(
                name='ChangedDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField(help_text='Of `responded_at`, in UTC.')),
                    ('is_filled', models.BooleanField(default=False, help_text='Known responses got late parts.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'indexes': [models.Index(fields=['project', 'day'], name='responses_c_project_05d075_idx')],
                },
            ),
            migrations.AddConstraint(
                model_name='languagemodel',
                constraint=models.UniqueConstraint(models.F('project'), models.F('provider'), models.F('name'), name='language_model_once'),
            ),
            migrations.AddIndex(
                model_name='price',
                index=models.Index(fields=['model', '-valid_from', '-id'], name='responses_p_model_i_aef68f_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', 'draw_key'], name='responses_r_project_3780ef_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', '-id'], name='responses_r_project_c2a90f_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', '-responded_at', '-id'], name='responses_r_project_2f74b8_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', 'input_hash'], name='responses_r_project_e2851d_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', 'conversation_id'], name='responses_r_project_8e38ac_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['project', 'trace_id'], name='responses_r_project_3acaa7_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(fields=['prompt_version', '-id'], name='responses_r_prompt__4be229_idx'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(condition=models.Q(('subject_key', ''), _negated=True), fields=['project', 'subject_key'], name='response_of_end_user'),
            ),
            migrations.AddIndex(
                model_name='response',
                index=models.Index(condition=models.Q(('erased_by__isnull', False)), fields=['erased_by'], name='response_erased_by'),
            ),
            migrations.AddConstraint(
                model_name='response',
                constraint=models.UniqueConstraint(models.F('project'), models.F('external_id'), name='response_once'),
            ),
            migrations.AddConstraint(
                model_name='response',
                constraint=models.CheckConstraint(condition=models.Q(('draw_key__gte', 0), ('draw_key__lt', 1)), name='draw_key_in_unit_interval'),
            ),
            migrations.AddConstraint(
                model_name='passage',
                constraint=models.UniqueConstraint(models.F('response'), models.F('position'), name='passage_position_once'),
            ),
            migrations.AddIndex(
                model_name='savedfilter',
                index=models.Index(condition=models.Q(('is_shared', True)), fields=['project'], name='saved_filter_shared'),
            ),
            migrations.AddConstraint(
                model_name='savedfilter',
                constraint=models.UniqueConstraint(models.F('project'), models.F('owner'), models.F('name'), name='saved_filter_once'),
            ),
            migrations.AddConstraint(
                model_name='subject',
                constraint=models.UniqueConstraint(models.F('project'), models.F('key'), name='subject_once'),
            ),
            migrations.AddConstraint(
                model_name='subject',
                constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='subject_not_empty'),
            ),
            migrations.AddConstraint(
                model_name='subjectresponse',
                constraint=models.UniqueConstraint(models.F('subject'), models.F('response'), name='subject_response_once'),
            ),
            migrations.AddConstraint(
                model_name='subjectresponse',
                constraint=models.UniqueConstraint(models.F('subject'), models.F('position'), name='subject_position_once'),
            ),
            migrations.AddConstraint(
                model_name='userfeedback',
                constraint=models.UniqueConstraint(models.F('response'), models.F('kind'), name='user_feedback_once_a_kind'),
            ),
        ]),
        FreezeRows('Price', except_fields=['created_by']),
        FreezeRows('SubjectResponse'),
        FreezeRows('Response', except_fields=['batch', 'prompt_version', 'model', 'conversation_id', 'trace_id', 'span_id', 'subject_key', 'origin', 'environment', 'segment', 'licence', 'consent', 'tags', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens', 'cost', 'cost_is_given', 'latency_ms', 'is_queued', 'has_feedback', 'verdict', 'erased_by'], erased={'external_id': "'erased-' || NEW.id", 'body_hash': "'erased-' || NEW.id", 'prompt_hash': "'erased-' || NEW.id", 'input_hash': "'erased-' || NEW.id", 'fold_hash': "'erased-' || NEW.id", 'output_hash': "'erased-' || NEW.id"}),
        FreezeRows('ResponseBody', erased={'messages': "'[]'", 'tools': "'[]'", 'tool_calls': "'[]'", 'parameters': "'{}'", 'metadata': "'{}'", 'variables': 'NULL', 'input_key': "''", 'output': "''"}),
        FreezeRows('Passage', erased={'external_id': "''", 'title': "''", 'text': "''", 'url': "''", 'text_hash': "'erased-' || NEW.id"}),
        FreezeRows('Subject', erased={'input_hash': "'erased-' || NEW.id"}),
        TuneStorage('Response', fillfactor=90, autovacuum_vacuum_scale_factor=0.05),
        CompressWithLz4({'ResponseBody': ['messages', 'tools', 'variables', 'output', 'tool_calls', 'parameters', 'metadata'], 'Passage': ['text']}),
    ]
