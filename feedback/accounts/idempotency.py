"""`Idempotency-Key`: a POST that is sent again gets the answer it got, and creates nothing a second time.

The answer is stored in the transaction that creates, so that a crash leaves both or neither. Only answers that created
or found something are kept: what was refused may be mended and sent again under the same key.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.http import UnreadablePostError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramView
from feedback.accounts.models import IdempotencyKey
from feedback.accounts.problems import Problem
from feedback.text.ndjson import Readable

KEPT = frozenset({200, 201, 202})
KEPT_HEADERS = ("Location",)
LONGEST = 200  # characters of a key
SHAPE = re.compile(rf"[!-~]{{1,{LONGEST}}}")
LARGEST = 1024 * 1024  # bytes of an answer; only a stream with thousands of refusals has more

Post = Callable[..., Response]


def idempotent(post: Post) -> Post:
    """Decorates `post` of a ProgramView whose work is one short transaction."""

    @functools.wraps(post)
    def once(view: ProgramView, request: Request, *args: Any, **kwargs: Any) -> Response:
        call = Call.of(request)
        if call is None:
            return post(view, request, *args, **kwargs)
        call.fingerprint = fingerprint(request, hashlib.sha256(body_of(request)).digest())
        with transaction.atomic():
            if not call.lock():
                detail = "A request with this Idempotency-Key is being worked on; ask again in a second."
                raise Problem(409, "in-flight", detail, headers={"Retry-After": "1"})
            known = call.known()
            if known is not None:
                return again(view, call, known)
            answer = post(view, request, *args, **kwargs)
            call.keep(view, answer)
            return answer

    return once


class Call:
    """One request under a key: who asks, and what the key stands for."""

    def __init__(self, request: Request, key: str) -> None:
        api_key, member = request.api_key, request.member  # type: ignore[attr-defined]
        self.project = request.project  # type: ignore[attr-defined]
        self.caller = f"key-{api_key.pk}" if api_key else f"member-{member.pk}"
        self.digest = hashlib.sha256(key.encode()).hexdigest()
        self.address = f"{request.method} {request.path}"[:300]
        self.fingerprint = ""

    @classmethod
    def of(cls, request: Request) -> Call | None:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not SHAPE.fullmatch(key):
            detail = f"An Idempotency-Key has 1 to {LONGEST} visible ASCII characters; a random UUID is a good one."
            raise Problem(400, "idempotency-key", detail)
        return cls(request, key)

    def lock(self) -> bool:
        """Keep others with the same key out until the transaction ends; False when somebody is in already.

        SQLite has one writer at a time: the second waits at the beginning of its transaction, and finds the answer.
        """
        if connection.vendor != "postgresql":
            return True
        name = hashlib.sha256(f"{self.project.pk} {self.caller} {self.digest}".encode()).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name[:8], signed=True)])
            return bool(cursor.fetchone()[0])

    def known(self) -> IdempotencyKey | None:
        mine = IdempotencyKey.objects.filter(project=self.project, caller=self.caller, digest=self.digest)
        return mine.live().first()

    def keep(self, view: ProgramView, answer: Response) -> None:
        if answer.status_code not in KEPT:
            return
        body = JSONRenderer().render(view.memo(answer.data)).decode()
        if len(body) > LARGEST:
            return
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        what = {"address": self.address, "fingerprint": self.fingerprint, "status": answer.status_code,
                "headers": headers, "body": body}  # fmt: skip
        rows = IdempotencyKey.objects.filter(project=self.project)
        rows.over().filter(caller=self.caller, digest=self.digest).delete()
        row = IdempotencyKey(project=self.project, caller=self.caller, digest=self.digest, **what)
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)


def again(view: ProgramView, call: Call, known: IdempotencyKey) -> Response:
    """The stored answer, or 422 when the key was used for something else."""
    if known.fingerprint != call.fingerprint:
        detail = f"This Idempotency-Key was used for another request ({known.address}); take a new one."
        raise Problem(422, "idempotency-key-reused", detail)
    data = view.recall(json.loads(known.body))
    return Response(data, known.status, headers={**known.headers, "Idempotency-Replayed": "true"})


def fingerprint(request: Request, body: bytes) -> str:
    """What makes two requests the same: method, address with its query, type and bytes of the body."""
    what = [request.method or "", request.get_full_path(), (request.content_type or "").lower()]
    return hashlib.sha256("\n".join(what).encode() + b"\n" + body).hexdigest()


def body_of(request: Request) -> bytes:
    try:
        return bytes(request._request.body)
    except RequestDataTooBig as error:
        raise Problem(413, "too-large", "The body is too large.") from error
    except UnreadablePostError as error:
        raise Problem(400, "cut", "The connection ended before the body did.") from error


class HashedStream:
    """A body that is hashed on its way through, for what is too large to be held."""

    def __init__(self, stream: Readable) -> None:
        self.stream, self.hash = stream, hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        block = self.stream.read(size)
        self.hash.update(block)
        return block

    def rest(self) -> bytes:
        """Read to the end; the digest of everything."""
        while self.read(1024 * 1024):
            pass
        return self.hash.digest()
