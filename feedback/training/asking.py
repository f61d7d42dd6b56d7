"""Requests to a fine-tuning service by the one way out, with what its answers mean for a job."""

from __future__ import annotations

import json as json_module
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from feedback.egress import EgressError, EgressResponse, Streamed, fetch
from feedback.files import BLOCK
from feedback.jobs import JobRefused
from feedback.training.models import Trainer
from feedback.training.seen import Trouble

PASSING = {"timeout", "connection", "host"}  # of egress: what may be otherwise in a minute
LARGEST = 32 * 1024 * 1024
AGAIN = {408, 409, 425, 429}


class NotThere(JobRefused):
    """404: what is missing may not be needed."""


class Service:
    """`is_patient`: what was begun is not given up because a key is refused for a while."""

    def __init__(self, trainer: Trainer, *, is_patient: bool = False) -> None:
        self.base, self.secret, self.is_patient = trainer.base_url.rstrip("/"), trainer.secret, is_patient

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | Streamed = b"",
        kind: str = "application/json",
        timeout: float = 60,
    ) -> dict[str, Any]:
        """The JSON object that it answers. Raises Trouble, NotThere or JobRefused."""
        if json is not None:
            body = json_module.dumps(json).encode()
        url = f"{path}?{urlencode(query)}" if query else path
        answer = self.fetch(method, url, body, kind, timeout)
        try:
            told = json_module.loads(answer.body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Trouble("The service answered with something that is no JSON object.")
        return told

    def read(self, path: str) -> bytes:
        return self.fetch("GET", path, b"", "", 120).body

    def fetch(self, method: str, path: str, body: bytes | Streamed, kind: str, timeout: float) -> EgressResponse:
        headers = {"Authorization": f"Bearer {self.secret}"} | ({"Content-Type": kind} if body else {})
        options: dict[str, Any] = {"body": body, "timeout": timeout, "max_bytes": LARGEST}
        answer = sent(method, f"{self.base}{path}", headers=headers, **options)
        if answer.status < 300:
            return answer
        raise self.refusal(answer)

    def refusal(self, answer: EgressResponse) -> Exception:
        status = answer.status
        if status in {401, 403}:
            words = f"The service refuses the key ({status}). Enter the right one in the trainer."
            return Trouble(words, 300) if self.is_patient else JobRefused(words)
        words = f"The service answered {status}{self.reason(answer)}"
        if status in AGAIN or status >= 500:
            return Trouble(words, retry_after(answer))
        return NotThere(words) if status == 404 else JobRefused(words)

    def reason(self, answer: EgressResponse) -> str:
        """What it says of itself, without the key, which some repeat."""
        try:
            error = json_module.loads(answer.body)["error"]
            words = error["message"] if isinstance(error, dict) else error
        except (ValueError, KeyError, TypeError):
            return "."
        if self.secret:
            words = str(words).replace(self.secret, "…")
        return ": " + " ".join(str(words).replace("\0", "").split())[:300]


def sent(method: str, url: str, **options: Any) -> EgressResponse:
    """`fetch`, with its refusals as a job understands them."""
    try:
        return fetch(method, url, allow=settings.EGRESS_ALLOW, **options)
    except EgressError as error:
        if error.code in PASSING:
            raise Trouble(str(error)) from None
        raise JobRefused(str(error)) from None


def retry_after(answer: EgressResponse) -> float | None:
    """In seconds; a date is not read, for our own pauses grow as well."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isdecimal() and len(given) < 6 else None


def multipart(
    fields: Mapping[str, str], name: str, length: int, file: Any, meanwhile: Callable[[], None]
) -> tuple[Streamed, str]:
    """A form with one file, read as it is sent. All words are ours, so that none needs escaping."""
    border = f"touchstone-{secrets.token_hex(16)}"
    head = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    head += f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: application/jsonl\r\n\r\n"
    tail = f"\r\n--{border}--\r\n"

    def parts() -> Iterator[bytes]:
        yield head.encode()
        with file:
            while block := file.read(BLOCK):
                yield block
                meanwhile()
        yield tail.encode()

    return Streamed(len(head) + length + len(tail), parts()), f"multipart/form-data; boundary={border}"
