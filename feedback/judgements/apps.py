from django.apps import AppConfig


class JudgementsConfig(AppConfig):
    name = "feedback.judgements"
    label = "judgements"
    default_auto_field = "django.db.models.BigAutoField"
