from django.apps import AppConfig


class RubricsConfig(AppConfig):
    name = "feedback.rubrics"
    label = "rubrics"
    default_auto_field = "django.db.models.BigAutoField"
