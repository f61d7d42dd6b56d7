"""The WSGI entry point that gunicorn serves."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from feedback.patience import limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")


class Utf8Request(WSGIRequest):
    """Text is UTF-8, whatever charset the sender names: Python knows some that unpack, and Django fails on those."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


application = get_wsgi_application()
application.request_class = Utf8Request
limit("web")
