import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('audit', '0001_tables'),
        ('audit', '0002_frozen'),
        ('audit', '0003_project_order'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='AuditEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                    ('actor', models.CharField(blank=True, help_text="The opaque key of a person, 'operator' or 'system'.", max_length=40)),
                    ('api_key', models.CharField(blank=True, help_text='Prefix of the API key used.', max_length=16)),
                    ('ip', models.GenericIPAddressField(blank=True, null=True)),
                    ('request_id', models.CharField(blank=True, max_length=36)),
                    ('verb', models.CharField(help_text='What was done: member-invited, review-submitted, …', max_length=40)),
                    ('object_type', models.CharField(max_length=60)),
                    ('object_id', models.CharField(blank=True, max_length=60)),
                    ('before', models.CharField(blank=True, help_text='SHA-256 of the state before, where one was taken.', max_length=64)),
                    ('after', models.CharField(blank=True, max_length=64)),
                    ('facts', models.JSONField(blank=True, default=dict, help_text='Small plain facts; never prompt or response text.')),
                    ('project', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='AuditSeal',
                fields=[
                    ('seq', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                    ('hash', models.CharField(max_length=64)),
                    ('sealed_at', models.DateTimeField(auto_now_add=True)),
                    ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='audit.auditevent')),
                ],
            ),
            migrations.AddIndex(
                model_name='auditevent',
                index=models.Index(fields=['object_type', 'object_id'], name='audit_audit_object__0e78a5_idx'),
            ),
            migrations.AddIndex(
                model_name='auditevent',
                index=models.Index(fields=['project', '-id'], name='audit_audit_project_0851f8_idx'),
            ),
        ]),
        FreezeRows('AuditEvent', deletion=True),
        FreezeRows('AuditSeal', deletion=True),
    ]
