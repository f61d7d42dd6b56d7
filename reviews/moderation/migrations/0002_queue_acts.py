import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('moderation', '0001_initial'),
        ('queues', '0002_restrictions'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkaction',
            name='reviewer',
            field=models.ForeignKey(blank=True, help_text='Whose reviews the ids are.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.member'),
        ),
        migrations.AlterField(
            model_name='bulkaction',
            name='kind',
            field=models.CharField(choices=[('withdraw', 'withdraw'), ('put-back', 'put back'), ('ask-more', 'ask for one more review'), ('ask-fewer', 'ask for one review less'), ('invalidate', 'invalidate'), ('restore', 'restore')], max_length=10),
        ),
        migrations.CreateModel(
            name='QueueAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('state', 'opened or paused'), ('overlap', 'changed the reviews per item')], max_length=7)),
                ('before', models.CharField(help_text='A state, or reviews per item.', max_length=6)),
                ('after', models.CharField(max_length=6)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ('queue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acts', to='queues.queue')),
            ],
            options={
                'indexes': [models.Index(fields=['project', '-id'], name='queue_act_as_listed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='queue_act_says_why'), models.CheckConstraint(condition=models.Q(('before', models.F('after')), _negated=True), name='queue_act_changes')],
            },
        ),
    ]
