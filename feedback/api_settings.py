"""Settings of the API that no environment changes: how it comes in, what it answers, how it describes itself."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "feedback.accounts.api_auth.ApiKeyAuthentication",
        "feedback.accounts.api_auth.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "feedback.accounts.rates.WithinRate",
        "feedback.accounts.api_auth.RoutePermission",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["feedback.accounts.api_auth.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "feedback.accounts.api_auth.KeysetPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_SCHEMA_CLASS": "feedback.accounts.schema.ProgramSchema",
    "URL_FORMAT_OVERRIDE": None,  # there is one format
    "EXCEPTION_HANDLER": "feedback.accounts.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone API",
    "DESCRIPTION": "Send LLM responses, review them, and pull preference data. In words: docs/reference/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/", "description": "This instance."}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "docExpansion": "none",
        "filter": True,
        "defaultModelsExpandDepth": 0,
    },
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "feedback.accounts.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "JobState": "feedback.jobs.Job.State",
        "WebhookState": "feedback.outbox.models.SHOWN_STATES",
        "WantedWebhookState": "feedback.outbox.models.CHOSEN_STATES",
        "QueueState": "reviews.queues.models.Queue.State",
        "AnalysisKind": "reviews.quality.models.Analysis.Kind",
        "KindEnum": "feedback.rubrics.models.Criterion.Kind",
        "TrainerKind": "feedback.training.models.Trainer.Kind",
        "TrainingMethod": "feedback.training.models.FineTuneJob.Method",
        "LinkState": "feedback.datasets.sharing_models.LINK_STATES",
        "AssignmentState": "reviews.queues.models.Assignment.State",
        "EscalationState": "reviews.queues.escalation_models.Escalation.State",
        "GoldOrigin": "reviews.quality.gold_models.GoldItem.Origin",
        "GoldState": "reviews.quality.gold_models.GoldItem.State",
        "ResponseOrigin": "feedback.responses.models.Origin",
    },
}
