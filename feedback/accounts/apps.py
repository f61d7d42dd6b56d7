from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "feedback.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import feedback.accounts.schema
        import feedback.checks  # noqa: F401  (both register what they hold)
