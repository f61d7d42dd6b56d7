"""Production's settings for a chaos run, but for what only costs time there: static files that nobody asks for."""

from feedback.settings import *  # noqa: F403
from feedback.settings import CELERY_BEAT_SCHEDULE, STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
SECURE_SSL_REDIRECT = False  # there is no proxy in front that speaks TLS
for task in ("feedback.audit.tasks.seal", "reviews.sampling.tasks.start_due_runs"):
    CELERY_BEAT_SCHEDULE[task] |= {"schedule": 4.0, "options": {"expires": 8.0}}  # else once a run
