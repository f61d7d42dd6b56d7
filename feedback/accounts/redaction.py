"""Secrets in addresses stay out of the logs: Django logs the path of a request that it refuses.

Imports no model: logging is set up before the apps are.
"""

from __future__ import annotations

import logging
import re

LINK = re.compile(r"(/(?:link|invitation)/)[\w-]{20,}")


class WithoutLinks(logging.Filter):
    """Cuts the secret out of one-time links in a record's message; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if LINK.search(message):
            record.msg, record.args = LINK.sub(r"\1…", message), ()
        return True
