import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models

from feedback.alter import CreateTables, TuneStorage


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('queues', '0001_tables'),
        ('queues', '0002_escalation_messages'),
        ('queues', '0003_admissions'),
        ('queues', '0004_storage'),
        ('queues', '0005_words'),
        ('queues', '0006_queue_count'),
        ('queues', '0007_front_looked_at'),
        ('queues', '0008_one_index_each'),
        ('queues', '0009_item_withdrawn'),
        ('queues', '0010_extra_places'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('judgements', '0001_initial'),
        ('responses', '0001_initial'),
        ('rubrics', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Queue',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.SlugField(max_length=60)),
                    ('name', models.CharField(max_length=120)),
                    ('k', models.PositiveSmallIntegerField(default=2, help_text='Reviews per item, from different people.')),
                    ('order', models.CharField(choices=[('arrival', 'In order of arrival'), ('random', 'Random')], default='arrival', max_length=8)),
                    ('lease_seconds', models.PositiveIntegerField(default=1800)),
                    ('lease_cap_seconds', models.PositiveIntegerField(default=14400, help_text='No heartbeat holds a place longer.')),
                    ('grace_seconds', models.PositiveIntegerField(default=60, help_text='How long a submit can be undone.')),
                    ('shows_model', models.BooleanField(default=False, help_text='Whether reviewers see which model wrote a response.')),
                    ('shows_critic', models.BooleanField(default=False)),
                    ('takes_imports', models.BooleanField(default=False, help_text='Filled by imported labels; nobody claims from it.')),
                    ('is_restricted', models.BooleanField(db_default=False, default=False, help_text='Only the people named in its admissions may claim.')),
                    ('is_training', models.BooleanField(db_default=False, default=False, help_text='People learn here: what was expected is told after each review.')),
                    ('state', models.CharField(choices=[('open', 'Open'), ('paused', 'Paused'), ('closed', 'Closed')], default='open', max_length=6)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='queues', to='rubrics.rubricversion')),
                    ('training', models.ForeignKey(blank=True, help_text='Must be passed before claiming.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='opens', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='Assignment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('round', models.PositiveSmallIntegerField(default=1)),
                    ('state', models.CharField(choices=[('claimed', 'Claimed'), ('submitted', 'Submitted'), ('surplus', 'Surplus'), ('skipped', 'Skipped'), ('not_qualified', 'not qualified'), ('invalidated', 'Invalidated')], default='claimed', max_length=13)),
                    ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('claimed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ('shown_order', models.JSONField(blank=True, default=list)),
                    ('visible', models.JSONField(blank=True, default=dict)),
                    ('draft', models.JSONField(blank=True, default=dict)),
                    ('draft_saved_at', models.DateTimeField(blank=True, null=True)),
                    ('submitted_at', models.DateTimeField(blank=True, null=True)),
                    ('is_extra', models.BooleanField(db_default=False, default=False, help_text='Of an extra place.')),
                    ('skip_reason', models.CharField(blank=True, max_length=60)),
                    ('skip_note', models.TextField(blank=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('review', models.OneToOneField(blank=True, help_text='The newest; a withdrawn one while the reviewer edits again after an undo.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assignment', to='judgements.review')),
                    ('reviewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='accounts.member')),
                ],
            ),
            migrations.CreateModel(
                name='Escalation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                    ('assignment', models.ForeignKey(blank=True, help_text='The turn it came from.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='escalations', to='queues.assignment')),
                    ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='accounts.member')),
                ],
            ),
            migrations.CreateModel(
                name='EscalationMessage',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('text', models.TextField()),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('escalation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='queues.escalation')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'ordering': ['pk'],
                },
            ),
            migrations.CreateModel(
                name='Item',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('k', models.PositiveSmallIntegerField(help_text='Places that are not withdrawn.')),
                    ('lane', models.PositiveSmallIntegerField(default=1)),
                    ('state', models.CharField(choices=[('open', 'Open'), ('complete', 'All reviews in'), ('settled', 'Settled'), ('unresolved', 'In dispute'), ('withdrawn', 'Withdrawn')], default='open', max_length=10)),
                    ('n_filled', models.PositiveSmallIntegerField(default=0, help_text='Filled places; kept in the transaction that fills.')),
                    ('completed_at', models.DateTimeField(blank=True, null=True)),
                    ('settle_after', models.DateTimeField(blank=True, help_text='When the grace of the last submit is over.', null=True)),
                    ('inclusion_probability', models.FloatField(blank=True, null=True)),
                    ('rule_label', models.CharField(blank=True, max_length=120)),
                    ('rule_version_id', models.BigIntegerField(blank=True, null=True)),
                    ('run_id', models.BigIntegerField(blank=True, null=True)),
                    ('stratum', models.CharField(blank=True, max_length=100)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='responses.subject')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='queues.queue')),
                ],
            ),
            migrations.AddField(
                model_name='escalation',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='escalations', to='queues.item'),
            ),
            migrations.AddField(
                model_name='assignment',
                name='item',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='queues.item'),
            ),
            migrations.CreateModel(
                name='QueueCount',
                fields=[
                    ('queue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='count', serialize=False, to='queues.queue')),
                    ('by_state', models.JSONField(help_text='State of items: [items, places they ask for, filled ones].')),
                    ('counted_at', models.DateTimeField()),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='Qualification',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qualifications', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qualifications', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='Place',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('lane', models.PositiveSmallIntegerField()),
                    ('pos', models.PositiveBigIntegerField(help_text='Append-only within the lane.')),
                    ('state', models.CharField(choices=[('open', 'Open'), ('claimed', 'Claimed'), ('filled', 'Filled'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                    ('claimed_at', models.DateTimeField(blank=True, null=True)),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('hidden_until', models.DateTimeField(blank=True, null=True)),
                    ('is_extra', models.BooleanField(db_default=False, default=False, help_text="Beside the item's k: counts for neither its state nor its verdict.")),
                    ('after_submits', models.IntegerField(blank=True, help_text='Comes up after so many submits in this queue of whom it is kept for.', null=True)),
                    ('submits_since', models.DateTimeField(blank=True, help_text='From when those submits are counted.', null=True)),
                    ('assignment', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='place', to='queues.assignment')),
                    ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='places', to='queues.item')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('reserved_for', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('queue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='places', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='Lane',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField(help_text='Priority: 0 is served first and takes what was given back.')),
                    ('next_pos', models.PositiveBigIntegerField(default=1)),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lanes', to='queues.queue')),
                ],
            ),
            migrations.CreateModel(
                name='Front',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('lane', models.PositiveSmallIntegerField()),
                    ('pos', models.PositiveBigIntegerField(default=0)),
                    ('looked_at', models.DateTimeField(blank=True, help_text="Of lane 0: when the reviewer's last full look found nothing.", null=True)),
                    ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fronts', to='accounts.member')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fronts', to='queues.queue')),
                ],
            ),
            migrations.AddField(
                model_name='assignment',
                name='queue',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='queues.queue'),
            ),
            migrations.CreateModel(
                name='Admission',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='admissions', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='admissions', to='queues.queue')),
                ],
            ),
            migrations.AddIndex(
                model_name='escalation',
                index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['project', '-id'], name='escalation_open'),
            ),
            migrations.AddConstraint(
                model_name='escalation',
                constraint=models.UniqueConstraint(models.F('item'), models.F('raised_by'), condition=models.Q(('closed_at__isnull', True)), name='escalation_open_once'),
            ),
            migrations.AddField(
                model_name='queuecount',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project'),
            ),
            migrations.AddConstraint(
                model_name='queue',
                constraint=models.UniqueConstraint(models.F('project'), models.F('key'), name='queue_once'),
            ),
            migrations.AddConstraint(
                model_name='queue',
                constraint=models.CheckConstraint(condition=models.Q(('k__gte', 1)), name='queue_k_at_least_one'),
            ),
            migrations.AddConstraint(
                model_name='qualification',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('member'), name='qualification_once'),
            ),
            migrations.AddIndex(
                model_name='place',
                index=models.Index(condition=models.Q(('state', 'open')), fields=['queue', 'lane', 'pos'], name='place_open'),
            ),
            migrations.AddIndex(
                model_name='place',
                index=models.Index(condition=models.Q(('state', 'claimed')), fields=['queue', 'lease_until'], name='place_leased'),
            ),
            migrations.AddIndex(
                model_name='place',
                index=models.Index(condition=models.Q(('state', 'claimed')), fields=['lease_until'], name='place_due'),
            ),
            migrations.AddIndex(
                model_name='place',
                index=models.Index(condition=models.Q(('state', 'open'), models.Q(('reserved_for__isnull', False), ('hidden_until__isnull', False), _connector='OR')), fields=['queue', 'reserved_for', 'hidden_until'], name='place_apart'),
            ),
            migrations.AddConstraint(
                model_name='place',
                constraint=models.UniqueConstraint(models.F('item'), models.F('number'), name='place_once'),
            ),
            migrations.AddConstraint(
                model_name='place',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('lane'), models.F('pos'), name='place_pos_once'),
            ),
            migrations.AddConstraint(
                model_name='place',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('assignment__isnull', False), ('lease_until__isnull', False), ('state', 'claimed')), models.Q(('assignment__isnull', False), ('lease_until__isnull', True), ('state', 'filled')), models.Q(('assignment__isnull', True), ('lease_until__isnull', True), ('state__in', ['open', 'withdrawn'])), _connector='OR'), name='place_state_is_whole'),
            ),
            migrations.AddConstraint(
                model_name='lane',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('number'), name='lane_once'),
            ),
            migrations.AddIndex(
                model_name='item',
                index=models.Index(condition=models.Q(('state', 'complete')), fields=['queue', 'settle_after'], name='item_to_settle'),
            ),
            migrations.AddIndex(
                model_name='item',
                index=models.Index(condition=models.Q(('state', 'unresolved')), fields=['project', '-id'], name='item_unresolved'),
            ),
            migrations.AddIndex(
                model_name='item',
                index=models.Index(condition=models.Q(('state', 'withdrawn')), fields=['project', '-id'], name='item_withdrawn'),
            ),
            migrations.AddIndex(
                model_name='item',
                index=models.Index(fields=['run_id'], name='queues_item_run_id_e2ea48_idx'),
            ),
            migrations.AddConstraint(
                model_name='item',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('subject'), name='item_once'),
            ),
            migrations.AddConstraint(
                model_name='item',
                constraint=models.CheckConstraint(condition=models.Q(('inclusion_probability__isnull', True), models.Q(('inclusion_probability__gt', 0), ('inclusion_probability__lte', 1)), _connector='OR'), name='inclusion_probability_is_one'),
            ),
            migrations.AddConstraint(
                model_name='front',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('lane'), models.F('reviewer'), name='front_once'),
            ),
            migrations.AddIndex(
                model_name='assignment',
                index=models.Index(condition=models.Q(('state', 'claimed')), fields=['reviewer', 'queue'], name='assignment_claimed'),
            ),
            migrations.AddIndex(
                model_name='assignment',
                index=models.Index(fields=['reviewer', '-submitted_at'], name='queues_assi_reviewe_d1076d_idx'),
            ),
            migrations.AddIndex(
                model_name='assignment',
                index=models.Index(condition=models.Q(('state', 'surplus')), fields=['item', 'submitted_at'], name='assignment_surplus'),
            ),
            migrations.AddConstraint(
                model_name='assignment',
                constraint=models.UniqueConstraint(models.F('item'), models.F('reviewer'), models.F('round'), name='assignment_once'),
            ),
            migrations.AddConstraint(
                model_name='assignment',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['submitted', 'surplus']), _negated=True), models.Q(('review__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='assignment_submitted_has_review'),
            ),
            migrations.AddConstraint(
                model_name='admission',
                constraint=models.UniqueConstraint(models.F('queue'), models.F('member'), name='admission_once'),
            ),
        ]),
        TuneStorage('Place', autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.02),
        TuneStorage('Assignment', autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.02),
        TuneStorage('Item', autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.02),
    ]
