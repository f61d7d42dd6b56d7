from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quality', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='adjudication',
            name='value',
            field=models.FloatField(db_default=1.0, default=1.0, help_text='What settling it is worth: worth.py.'),
        ),
    ]
