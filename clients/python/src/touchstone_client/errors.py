"""The one exception: what the server said, as RFC 9457 problem details, or why it could not be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2


class TouchstoneError(Exception):
    """`code` is stable and short, `detail` a sentence for people, `errors` point into what was sent.

    `status` is the HTTP status; 0 where there was none: `unreachable`, `checksum`, `export-failed`, `patience`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        data: Mapping[str, Any] | None = None,
        method: str = "",
        url: str = "",
    ) -> None:
        where = f" ({method} {url})" if url else ""
        super().__init__(f"{status or 'no answer'} {code}: {detail}{where}")
        self.status, self.code, self.detail = status, code, detail
        self.data: dict[str, Any] = dict(data or {})
        self.errors: list[dict[str, str]] = list(self.data.get("errors", []))
        self.method, self.url = method, url

    @classmethod
    def of(cls, answer: httpx2.Response) -> TouchstoneError:
        """From an answer that is no success; its body has been read."""
        request = answer.request
        about: Any = {"method": request.method, "url": str(request.url.copy_with(query=None))}
        try:
            data = answer.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            data = None
        if not isinstance(data, dict):  # something between us and Touchstone
            return cls(answer.status_code, "http", answer.reason_phrase or "No problem details.", **about)
        code, detail = str(data.get("code", "http")), str(data.get("detail", answer.reason_phrase))
        return cls(answer.status_code, code, detail, data=data, **about)
