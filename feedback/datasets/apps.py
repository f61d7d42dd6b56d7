from django.apps import AppConfig
from django.core import checks


class DatasetsConfig(AppConfig):
    name = "feedback.datasets"
    label = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feedback.datasets import destinations

        checks.register(destinations.check)
