import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import reviews.quality.gold_models
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('quality', '0001_tables'),
        ('quality', '0002_overlap'),
        ('quality', '0003_analyses'),
        ('quality', '0004_gold'),
        ('quality', '0005_reliability'),
        ('quality', '0006_gold_erasure'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('judgements', '0001_initial'),
        ('queues', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='GoldItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('origin', models.CharField(choices=[('verdict', 'A verdict'), ('import', 'An import'), ('hand', 'By hand')], max_length=7)),
                    ('state', models.CharField(choices=[('active', 'In use'), ('questioned', 'Questioned'), ('retired', 'Retired')], default='active', max_length=10)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('trusted_at', models.DateTimeField(auto_now_add=True, help_text='Made, revised or confirmed: what was failed before does not question it anew.')),
                    ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='gold', to='queues.item')),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gold', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='GoldRevision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('answers', models.JSONField(help_text='By criterion, as a review would have them.')),
                    ('tolerance', models.JSONField(blank=True, default=dict, help_text='By criterion: how far off is still right.')),
                    ('explanation', models.TextField(blank=True, help_text='Shown in training, after the review.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('gold', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='quality.golditem')),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='GoldCheck',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('right', models.JSONField(help_text='By criterion, of those that are checked: whether the answer was right.')),
                    ('is_right', models.BooleanField(help_text='All of them.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='gold_check', to='queues.assignment')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('gold', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='quality.golditem')),
                    ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='quality.goldrevision')),
                ],
            ),
            migrations.CreateModel(
                name='GoldSetting',
                fields=[
                    ('queue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='gold_setting', serialize=False, to='queues.queue')),
                    ('is_on', models.BooleanField(default=True)),
                    ('rate', models.FloatField(default=0.07, help_text="Of a person's reviews.", validators=[django.core.validators.MinValueValidator(0.005), django.core.validators.MaxValueValidator(0.5)])),
                    ('seed', models.CharField(default=reviews.quality.gold_models.new_seed, editable=False, help_text='Of spacing and of ties.', max_length=32)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='GoldTurn',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField()),
                    ('after', models.IntegerField(default=0, help_text='Comes after so many submits of theirs …')),
                    ('since', models.DateTimeField(blank=True, help_text='… from this time on.', null=True)),
                    ('gold', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='turns', to='quality.golditem')),
                    ('place', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='gold_turn', to='queues.place')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='queues.queue')),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.member')),
                ],
            ),
            migrations.CreateModel(
                name='LabelModel',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('criterion', models.CharField(max_length=60)),
                    ('shares', models.JSONField(help_text='Answer: its share among items.')),
                    ('accuracy', models.JSONField(help_text='Member id: the chance that an answer is right.')),
                    ('n_items', models.PositiveIntegerField()),
                    ('n_labels', models.PositiveIntegerField()),
                    ('upto', models.BigIntegerField(help_text='The newest review that it counts.')),
                    ('computed_at', models.DateTimeField(auto_now=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='label_models', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='OverlapPolicy',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('is_on', models.BooleanField(default=True, help_text='Ask for more reviews where an answer is not clear.')),
                    ('target', models.FloatField(default=0.9, help_text='The chance that the leading answer is right, to stop at.')),
                    ('most', models.PositiveSmallIntegerField(default=4, help_text='Reviews of one item, at most.')),
                    ('decides', models.CharField(choices=[('majority', 'Most reviewers'), ('reliability', 'Reviewers weighed by how often they are right')], default='majority', max_length=11)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='overlap_policy', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='ReviewerMeasure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('criterion', models.CharField(blank=True, help_text='Its key; empty: of all questions together.', max_length=60)),
                    ('kind', models.CharField(blank=True, help_text='Of the criterion.', max_length=12)),
                    ('label', models.CharField(help_text="The criterion's label.", max_length=200)),
                    ('measure', models.CharField(choices=[('gold', 'Gold'), ('verdicts', 'Agreement with verdicts'), ('agreement', 'Agreement with others'), ('accuracy', 'Probably right'), ('severity', 'Harsh or lenient'), ('position', 'First of two'), ('length', 'Longer of two'), ('one_answer', 'The same answer'), ('drift', 'Drift'), ('pace', 'Haste'), ('own_pace', 'Pace against earlier'), ('repeats', 'Texts written again')], max_length=10)),
                    ('n', models.PositiveIntegerField(help_text='What it is counted from: answers, checks, reviews or texts.')),
                    ('value', models.FloatField(blank=True, help_text='Empty: too few to tell.', null=True)),
                    ('low', models.FloatField(blank=True, null=True)),
                    ('high', models.FloatField(blank=True, null=True)),
                    ('expected', models.FloatField(blank=True, help_text='What it is held against: others, chance, no lean.', null=True)),
                    ('is_notable', models.BooleanField(blank=True, help_text='Stands out; empty: too few to tell.', null=True)),
                    ('confusion', models.JSONField(blank=True, help_text='With `accuracy`: names of the classes, and a row for each true one.', null=True)),
                    ('measured_at', models.DateTimeField()),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='measures', to='accounts.member')),
                ],
            ),
            migrations.CreateModel(
                name='ReviewerNotice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('criterion', models.CharField(blank=True, help_text='Its key; empty: of all questions together.', max_length=60)),
                    ('kind', models.CharField(blank=True, help_text='Of the criterion.', max_length=12)),
                    ('label', models.CharField(help_text="The criterion's label.", max_length=200)),
                    ('measure', models.CharField(choices=[('gold', 'Gold'), ('verdicts', 'Agreement with verdicts'), ('agreement', 'Agreement with others'), ('accuracy', 'Probably right'), ('severity', 'Harsh or lenient'), ('position', 'First of two'), ('length', 'Longer of two'), ('one_answer', 'The same answer'), ('drift', 'Drift'), ('pace', 'Haste'), ('own_pace', 'Pace against earlier'), ('repeats', 'Texts written again')], max_length=10)),
                    ('n', models.PositiveIntegerField(help_text='What it is counted from: answers, checks, reviews or texts.')),
                    ('value', models.FloatField(blank=True, help_text='Empty: too few to tell.', null=True)),
                    ('low', models.FloatField(blank=True, null=True)),
                    ('high', models.FloatField(blank=True, null=True)),
                    ('expected', models.FloatField(blank=True, help_text='What it is held against: others, chance, no lean.', null=True)),
                    ('threshold', models.CharField(help_text='What opened it, in words.', max_length=200)),
                    ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                    ('reason', models.TextField(blank=True, help_text='Why it was dismissed.')),
                    ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices_about', to='accounts.member')),
                ],
            ),
            migrations.CreateModel(
                name='TrainingCourse',
                fields=[
                    ('queue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='course', serialize=False, to='queues.queue')),
                    ('n_right', models.PositiveSmallIntegerField(default=8)),
                    ('n_last', models.PositiveSmallIntegerField(default=10)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='Adjudication',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('disputed', models.JSONField(default=list, help_text='Keys of the criteria without a winner.')),
                    ('opened_at', models.DateTimeField(auto_now_add=True)),
                    ('settled_at', models.DateTimeField(blank=True, null=True)),
                    ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='adjudications', to='queues.item')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('verdict', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjudication', to='judgements.verdict')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('item'), condition=models.Q(('settled_at__isnull', True)), name='adjudication_open_once')],
                },
            ),
            migrations.CreateModel(
                name='Analysis',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=9)),
                    ('attempt', models.PositiveIntegerField(default=0, help_text='How often a worker has claimed it; the fence of its writes.')),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('cursor', models.JSONField(blank=True, default=dict)),
                    ('done', models.PositiveBigIntegerField(default=0, help_text='Units of work finished.')),
                    ('total', models.PositiveBigIntegerField(blank=True, help_text='Units of work in all, once known.', null=True)),
                    ('error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('kind', models.CharField(choices=[('leaderboard', 'Leaderboard'), ('agreement', 'Agreement'), ('reliability', 'Reliability')], max_length=11)),
                    ('filters', models.JSONField(blank=True, default=dict)),
                    ('digest', models.CharField(help_text='SHA-256 of kind and filters.', max_length=64)),
                    ('data_state', models.CharField(help_text='Names the reviews that were there, and today.', max_length=100)),
                    ('result', models.JSONField(blank=True, null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='analyses', to='accounts.project')),
                ],
                options={
                    'verbose_name_plural': 'analyses',
                    'indexes': [models.Index(fields=['project', 'digest', '-id'], name='quality_ana_project_4a5636_idx')],
                    'constraints': [models.UniqueConstraint(models.F('project'), models.F('digest'), models.F('data_state'), condition=models.Q(('state__in', ['failed', 'cancelled']), _negated=True), name='analysis_once')],
                },
            ),
            migrations.AddIndex(
                model_name='golditem',
                index=models.Index(condition=models.Q(('state', 'questioned')), fields=['project', '-id'], name='gold_questioned'),
            ),
            migrations.AddConstraint(
                model_name='goldrevision',
                constraint=models.UniqueConstraint(models.F('gold'), models.F('number'), name='gold_revision_once'),
            ),
            migrations.AddIndex(
                model_name='goldcheck',
                index=models.Index(models.F('reviewer'), models.F('gold'), name='gold_check_of_reviewer'),
            ),
            migrations.AddConstraint(
                model_name='goldsetting',
                constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0), ('rate__lte', 0.5)), name='gold_rate_is_share'),
            ),
            migrations.AddConstraint(
                model_name='goldturn',
                constraint=models.UniqueConstraint(models.F('gold'), models.F('reviewer'), name='gold_given_once'),
            ),
            migrations.AddConstraint(
                model_name='goldturn',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('reviewer'), models.F('number'), name='gold_turn_once'),
            ),
            migrations.AddConstraint(
                model_name='labelmodel',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('criterion'), name='label_model_once'),
            ),
            migrations.AddConstraint(
                model_name='overlappolicy',
                constraint=models.CheckConstraint(condition=models.Q(('target__gt', 0.5), ('target__lt', 1)), name='overlap_target_is_a_chance'),
            ),
            migrations.AddConstraint(
                model_name='overlappolicy',
                constraint=models.CheckConstraint(condition=models.Q(('most__gte', 1)), name='overlap_most_at_least_one'),
            ),
            migrations.AddIndex(
                model_name='reviewermeasure',
                index=models.Index(fields=['project', '-id'], name='reviewer_measure_as_listed'),
            ),
            migrations.AddConstraint(
                model_name='reviewermeasure',
                constraint=models.UniqueConstraint(models.F('reviewer'), models.F('criterion'), models.F('kind'), models.F('measure'), name='reviewer_measure_once'),
            ),
            migrations.AddIndex(
                model_name='reviewernotice',
                index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['project', '-id'], name='reviewer_notice_open'),
            ),
            migrations.AddConstraint(
                model_name='reviewernotice',
                constraint=models.UniqueConstraint(models.F('reviewer'), models.F('criterion'), models.F('kind'), models.F('measure'), condition=models.Q(('closed_at__isnull', True)), name='reviewer_notice_open_once'),
            ),
            migrations.AddConstraint(
                model_name='reviewernotice',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True), ('reason', '')), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='reviewer_notice_closed_says_why'),
            ),
            migrations.AddConstraint(
                model_name='trainingcourse',
                constraint=models.CheckConstraint(condition=models.Q(('n_right__gte', 1), ('n_right__lte', models.F('n_last'))), name='course_can_be_passed'),
            ),
        ]),
        FreezeRows('ReviewerNotice', except_fields=['closed_at', 'closed_by', 'reason']),
        FreezeRows('GoldRevision', erased={'answers': "'{}'", 'explanation': "''"}),
    ]
