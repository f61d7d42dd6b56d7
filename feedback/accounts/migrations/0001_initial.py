import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import feedback.accounts.digests
import uuid
from django.conf import settings
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('accounts', '0001_tables'),
        ('accounts', '0002_user_preferences'),
        ('accounts', '0003_second_factor_and_withdrawal'),
        ('accounts', '0004_idempotency_keys'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Project',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('slug', models.SlugField(max_length=60, unique=True)),
                    ('name', models.CharField(max_length=120)),
                    ('salt', models.CharField(default=feedback.accounts.digests.new_salt, editable=False, help_text='Of draw keys, splits and pseudonyms.', max_length=32)),
                    ('archived_at', models.DateTimeField(blank=True, null=True)),
                    ('is_second_factor_required', models.BooleanField(default=False, help_text='Members without a second factor set one up before they enter.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('email', models.EmailField(max_length=254, unique=True)),
                    ('name', models.CharField(blank=True, max_length=120)),
                    ('key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='Opaque; audit rows keep only this.', unique=True)),
                    ('preferences', models.JSONField(blank=True, default=dict, help_text='How this person works: their keys.')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': 'user',
                    'verbose_name_plural': 'users',
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='Member',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(blank=True, help_text='Where an imported person comes from.', max_length=60)),
                    ('source_name', models.CharField(blank=True, help_text="That person's name there.", max_length=120)),
                    ('role', models.CharField(choices=[('reviewer', 'Reviewer'), ('curator', 'Curator'), ('moderator', 'Moderator'), ('admin', 'Admin')], max_length=10)),
                    ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('pseudonym', models.CharField(editable=False, help_text='What exports and blind pages show.', max_length=20)),
                    ('disabled_at', models.DateTimeField(blank=True, null=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='members', to=settings.AUTH_USER_MODEL)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='Invitation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('email', models.EmailField(max_length=254)),
                    ('role', models.CharField(choices=[('reviewer', 'Reviewer'), ('curator', 'Curator'), ('moderator', 'Moderator'), ('admin', 'Admin')], max_length=10)),
                    ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                    ('invited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='IdempotencyKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('caller', models.CharField(help_text='The API key, or the member who came by session.', max_length=40)),
                    ('digest', models.CharField(help_text='SHA-256 of the key, which may be anything.', max_length=64)),
                    ('address', models.CharField(max_length=300)),
                    ('fingerprint', models.CharField(help_text='SHA-256 of the request: another one is refused.', max_length=64)),
                    ('status', models.PositiveSmallIntegerField()),
                    ('headers', models.JSONField(default=dict)),
                    ('body', models.TextField(help_text='JSON as it was sent.')),
                    ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='ApiKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120)),
                    ('prefix', models.CharField(editable=False, max_length=12, unique=True)),
                    ('digest', models.CharField(editable=False, max_length=64)),
                    ('scopes', models.JSONField(default=list)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField(blank=True, null=True)),
                    ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ('last_used_at', models.DateTimeField(blank=True, null=True)),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('member', models.ForeignKey(blank=True, help_text="Whose hands it is, when a person's.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='SigninLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='signin_links', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.AddConstraint(
                model_name='member',
                constraint=models.UniqueConstraint(models.F('project'), models.F('user'), condition=models.Q(('user__isnull', False)), name='member_once'),
            ),
            migrations.AddConstraint(
                model_name='member',
                constraint=models.UniqueConstraint(models.F('project'), models.F('source'), models.F('source_name'), condition=models.Q(('user__isnull', True)), name='source_person_once'),
            ),
            migrations.AddConstraint(
                model_name='member',
                constraint=models.UniqueConstraint(models.F('project'), models.F('pseudonym'), name='pseudonym_once'),
            ),
            migrations.AddConstraint(
                model_name='member',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('source', ''), ('user__isnull', False)), models.Q(('user__isnull', True), models.Q(('source', ''), _negated=True)), _connector='OR'), name='member_user_or_source'),
            ),
            migrations.AddIndex(
                model_name='idempotencykey',
                index=models.Index(fields=['created_at'], name='idempotency_key_age'),
            ),
            migrations.AddConstraint(
                model_name='idempotencykey',
                constraint=models.UniqueConstraint(models.F('project'), models.F('caller'), models.F('digest'), name='idempotency_key_once'),
            ),
        ]),
    ]
