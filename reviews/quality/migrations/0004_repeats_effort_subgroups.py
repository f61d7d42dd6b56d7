import django.core.validators
import django.db.models.deletion
import reviews.quality.gold_models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('quality', '0003_dispute_by_value'),
        ('queues', '0003_rounds_and_skills'),
    ]

    operations = [
        migrations.AlterField(
            model_name='analysis',
            name='kind',
            field=models.CharField(choices=[('leaderboard', 'Leaderboard'), ('agreement', 'Agreement'), ('reliability', 'Reliability'), ('effort', 'Effort'), ('subgroups', 'Subgroups')], max_length=11),
        ),
        migrations.AlterField(
            model_name='reviewermeasure',
            name='measure',
            field=models.CharField(choices=[('gold', 'Gold'), ('verdicts', 'Agreement with verdicts'), ('agreement', 'Agreement with others'), ('accuracy', 'Probably right'), ('severity', 'Harsh or lenient'), ('position', 'First of two'), ('length', 'Longer of two'), ('one_answer', 'The same answer'), ('drift', 'Drift'), ('pace', 'Haste'), ('own_pace', 'Pace against earlier'), ('repeats', 'Texts written again'), ('again', 'The same when asked again')], max_length=10),
        ),
        migrations.AlterField(
            model_name='reviewernotice',
            name='measure',
            field=models.CharField(choices=[('gold', 'Gold'), ('verdicts', 'Agreement with verdicts'), ('agreement', 'Agreement with others'), ('accuracy', 'Probably right'), ('severity', 'Harsh or lenient'), ('position', 'First of two'), ('length', 'Longer of two'), ('one_answer', 'The same answer'), ('drift', 'Drift'), ('pace', 'Haste'), ('own_pace', 'Pace against earlier'), ('repeats', 'Texts written again'), ('again', 'The same when asked again')], max_length=10),
        ),
        migrations.CreateModel(
            name='HourlyCost',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='hourly_cost', serialize=False, to='accounts.project')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10)),
                ('currency', models.CharField(default='USD', max_length=3)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='hourly_cost_is_some')],
            },
        ),
        migrations.CreateModel(
            name='ReviewerAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40)),
                ('label', models.CharField(max_length=80)),
                ('choices', models.JSONField(help_text='Words to choose from.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
            ],
        ),
        migrations.CreateModel(
            name='StatedAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(editable=False, help_text='In no form, list or take-out of operators.', max_length=80)),
                ('attribute', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stated', to='quality.reviewerattribute')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stated_attributes', to='accounts.member')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
            ],
        ),
        migrations.CreateModel(
            name='RepeatSetting',
            fields=[
                ('queue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='repeat_setting', serialize=False, to='queues.queue')),
                ('is_on', models.BooleanField(default=False)),
                ('rate', models.FloatField(default=0.02, help_text="Of a person's reviews.", validators=[django.core.validators.MinValueValidator(0.005), django.core.validators.MaxValueValidator(0.2)])),
                ('least_days', models.PositiveSmallIntegerField(default=7, help_text='Since the review that is asked for again.')),
                ('seed', models.CharField(default=reviews.quality.gold_models.new_seed, editable=False, help_text='Of spacing and of the draw.', max_length=32)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('rate__gt', 0), ('rate__lte', 0.2)), name='repeat_rate_is_share')],
            },
        ),
        migrations.CreateModel(
            name='RepeatTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('after', models.IntegerField(default=0, help_text='Comes after so many submits of theirs …')),
                ('since', models.DateTimeField(blank=True, help_text='… from this time on.', null=True)),
                ('first', models.OneToOneField(help_text='What they said before.', on_delete=django.db.models.deletion.CASCADE, related_name='repeat', to='queues.assignment')),
                ('place', models.OneToOneField(help_text='Where they say it again.', on_delete=django.db.models.deletion.CASCADE, related_name='repeat_turn', to='queues.place')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='queues.queue')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.member')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('queue'), models.F('reviewer'), models.F('number'), name='repeat_turn_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='reviewerattribute',
            constraint=models.UniqueConstraint(models.F('project'), models.F('key'), name='attribute_once'),
        ),
        migrations.AddConstraint(
            model_name='statedattribute',
            constraint=models.UniqueConstraint(models.F('attribute'), models.F('member'), name='stated_once'),
        ),
    ]
