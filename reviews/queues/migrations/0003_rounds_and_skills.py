import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import AddConstraintNotValid


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('queues', '0002_restrictions'),
    ]

    operations = [
        migrations.CreateModel(
            name='MemberSkill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(help_text='In small letters.', max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name='escalation',
            name='skill',
            field=models.CharField(blank=True, db_default='', help_text='Who carries it is asked; empty: everybody.', max_length=40),
        ),
        migrations.AddField(
            model_name='place',
            name='round',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text='From 2 on: its person is asked again, after their turn of the round before.'),
        ),
        AddConstraintNotValid(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('round', 1), ('is_extra', True), _connector='OR'), name='place_again_is_extra'),
        ),
        migrations.AddField(
            model_name='memberskill',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skills', to='accounts.member'),
        ),
        migrations.AddField(
            model_name='memberskill',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project'),
        ),
        migrations.AddConstraint(
            model_name='memberskill',
            constraint=models.UniqueConstraint(models.F('member'), models.F('tag'), name='skill_once'),
        ),
    ]
