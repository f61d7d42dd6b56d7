"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from feedback.patience import limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
application = get_wsgi_application()

from feedback.requests import Utf8Request  # noqa: E402 - it reads the settings

application.request_class = Utf8Request
limit("web")
