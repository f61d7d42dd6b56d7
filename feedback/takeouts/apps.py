from django.apps import AppConfig


class TakeoutsConfig(AppConfig):
    name = "feedback.takeouts"
    label = "takeouts"
    default_auto_field = "django.db.models.BigAutoField"
