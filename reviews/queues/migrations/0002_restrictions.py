import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('queues', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restriction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(help_text='Read by moderators and by the person.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lift_reason', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='restrictions', to='accounts.member')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ('queue', models.ForeignKey(blank=True, help_text='Empty: every queue of the project.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='restrictions', to='queues.queue')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('member'), models.F('queue'), condition=models.Q(('lifted_at__isnull', True), ('queue__isnull', False)), name='restriction_once'), models.UniqueConstraint(models.F('member'), condition=models.Q(('lifted_at__isnull', True), ('queue__isnull', True)), name='restriction_of_all_once'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='restriction_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_at__isnull', True), ('lifted_by__isnull', True)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lift_reason', ''), _negated=True)), _connector='OR'), name='restriction_lifted_says_why')],
            },
        ),
    ]
