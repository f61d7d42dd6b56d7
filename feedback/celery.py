"""The Celery app: a doorbell for rows of work, never their memory (DESIGN §5)."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
TRANSPORT_ALIASES["filesystem"] = "feedback.bell:Transport"  # kombu's own loses the worker to half-written messages

app = Celery("touchstone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
