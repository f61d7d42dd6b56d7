"""Who takes turns: somebody at the page, a program over REST, and visitors of the bare project."""

from __future__ import annotations

import os
import re
import uuid

import psycopg
from django.conf import settings
from django.urls import reverse

from bench.turns.crowd import After, Ready, Turn, Wire
from bench.turns.seed import Seeded
from feedback.accounts.models import Member
from tests import make

FORM = "active_ms=900&spans=[]&q-grounded=yes&q-helpful=4"
FIELD = re.compile(rb'name="(token|submission_id)" value="([^"]+)"')
TOKEN = re.compile(rb'"token":"([^"]+)"')
LEAVE = "UPDATE queues_assignment SET state = 'skipped' WHERE token = %s"


def nothing(name: str) -> None:
    """No more is to be done after a turn."""


def reader(port: int, seeded: Seeded, member: Member) -> Ready:
    """Somebody at the page: each turn submits, and gets the next item in the answer."""
    session = make.SignedIn(member).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={'c' * 32}"
    where = {"project": member.project.slug, "key": seeded.queue.key}
    claim, review, submit = (reverse(f"queues:{verb}", kwargs=where) for verb in ("claim", "review", "submit"))

    def ready() -> tuple[Turn, After]:
        wire = Wire(port, **{"Cookie": cookie, "X-CSRFToken": "c" * 32, "HX-Request": "true"})
        wire.ask("POST", claim)
        page = wire.ask("GET", review)

        def turn() -> str | None:
            nonlocal page
            fields = {name.decode(): value.decode() for name, value in FIELD.findall(page)}
            if "submission_id" not in fields:
                return None
            page = wire.ask("POST", submit, f"token={fields['token']}&submission_id={fields['submission_id']}&{FORM}")
            return fields["token"]

        return turn, nothing

    return ready


def program(port: int, seeded: Seeded, member: Member) -> Ready:
    """The same over REST: each submit asks for the next item."""
    secret = make.api_key(member.project, "review", member=member)
    claim = reverse("api:queue-claim", args=[seeded.queue.key])

    def ready() -> tuple[Turn, After]:
        wire = Wire(port, Authorization=f"Bearer {secret}")
        held = TOKEN.search(wire.ask("POST", claim))

        def turn() -> str | None:
            nonlocal held
            if held is None:
                return None
            token = held[1].decode()
            body = f'{{"submission_id":"{uuid.uuid4()}","answers":{{"grounded":"yes","helpful":4}},"next":true}}'
            answer = wire.ask("POST", reverse("api:assignment-submit", args=[token]), body, "application/json")
            held = TOKEN.search(answer.partition(b'"next":')[2])
            return token

        return turn, nothing

    return ready


def claimer(port: int, seeded: Seeded, member: Member) -> Ready:
    """A program that only claims. After each it leaves the item, by SQL, so that the next claim is another."""
    secret = make.api_key(member.project, "review", member=member)
    claim = reverse("api:queue-claim", args=[seeded.queue.key])

    def ready() -> tuple[Turn, After]:
        wire = Wire(port, Authorization=f"Bearer {secret}")
        database = psycopg.connect(
            os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1), autocommit=True
        )

        def turn() -> str | None:
            found = TOKEN.search(wire.ask("POST", claim))
            return found[1].decode() if found else None

        def leave(token: str) -> None:
            database.execute(LEAVE, [token])

        return turn, leave

    return ready


def visitor(port: int, session: str) -> Ready:
    """Somebody at the bare project: asks for the next item, then submits it."""

    def ready() -> tuple[Turn, After]:
        wire = Wire(port, Cookie=f"sessionid={session}")

        def turn() -> str | None:
            found = re.search(rb'name="item" value="(\d+)"', wire.ask("GET", "/next/"))
            assert found is not None
            wire.ask("POST", "/submit/", f"item={found[1].decode()}&q-grounded=yes&q-helpful=4")
            return found[1].decode()

        return turn, nothing

    return ready


def bare_reader(port: int, session: str) -> Ready:
    """Somebody at the bare project who only asks for items: session, person, claim, texts, as one claim of ours."""

    def ready() -> tuple[Turn, After]:
        wire = Wire(port, Cookie=f"sessionid={session}")
        return lambda: wire.ask("GET", "/next/").decode(), nothing

    return ready


def bare_claimer(port: int) -> Ready:
    """Somebody who runs the bare project's one claiming statement."""

    def ready() -> tuple[Turn, After]:
        wire = Wire(port)
        return lambda: wire.ask("GET", "/claim/").decode(), nothing

    return ready
