from django.apps import AppConfig


class CriticsConfig(AppConfig):
    name = "feedback.critics"
    label = "critics"
    default_auto_field = "django.db.models.BigAutoField"
