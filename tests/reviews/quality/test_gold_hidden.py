"""Gold cannot be told: every page, answer and header of a gold item is that of any other, byte for byte.

What differs between any two items (texts, tokens, ids, times) is replaced by a word; nothing else may differ.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member
from reviews.quality.gold_give import top_up
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db

ID = re.compile(rb"(?<![\w.])\d+(?![\w.])")
TOKEN = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z)?|\d{1,2} \w{3}( \d{4})?, \d\d:\d\d|\d\d:\d\d"
)
TEXT = re.compile(rb"Q\d+\?|Answer \d+\.")
HASH = re.compile(rb"[0-9a-f]{32,64}|[A-Za-z0-9]{64}")


def plain(body: bytes) -> bytes:
    """What is the same for every item: tokens, hashes, times and numbers are words."""
    body = re.sub(rb'(name="csrfmiddlewaretoken" value="|nonce[-="]+|csrf[^"]*": *")[^"]*', rb"\1CSRF", body)
    for pattern, word in ((TEXT, b"Question?"), (TOKEN, b"TOKEN"), (HASH, b"HASH"), (TIME, b"TIME"), (ID, b"N")):
        body = pattern.sub(word, body)
    return body


def headers_of(response: Any) -> dict[str, str]:
    found = {name.lower(): plain(str(value).encode()).decode() for name, value in response.items()}
    for name in ("x-request-id", "etag", "content-length", "date", "server-timing"):
        if name in found:
            found[name] = "…"
    return {name: re.sub(r"nonce-[^']+", "nonce", value) for name, value in found.items()}


def shape(response: Any) -> tuple[int, dict[str, str], bytes]:
    return response.status_code, headers_of(response), plain(response.content)


def same(response: Any, known: Any, name: str) -> None:
    """The same to the byte; else the first lines that differ."""
    (status, headers, body), (known_status, known_headers, known_body) = response, known
    assert (name, status, headers) == (name, known_status, known_headers)
    if body != known_body:
        lines = difflib.unified_diff(known_body.decode().splitlines(), body.decode().splitlines(), lineterm="", n=0)
        pytest.fail(f"{name}: " + "\n".join(line[:400] for line in list(lines)[:12]))


@pytest.fixture
def world(gold: Any, reviewer: Member) -> Any:
    """The reviewer's next item is ordinary, then a gold one, and so on; texts of all items are alike."""
    Queue.objects.filter(pk=gold.queue.pk).update(grace_seconds=600)
    gold.queue.refresh_from_db()
    gold.items(2)
    gold.ordinary(8)
    top_up(gold.setting, reviewer)
    since = timezone.now() - timedelta(seconds=1)
    for after, place in enumerate(gold.queue.places.filter(is_extra=True).order_by("pk"), start=1):
        place.after_submits, place.submits_since = 2 * after, since
        place.save()
    return gold


def say(turn: Assignment) -> dict[str, Any]:
    return {"answers": make.ANSWERS, "submission_id": str(uuid4())}


class Person:
    """Everything that a reviewer can ask about what they hold, by page and by program."""

    def __init__(self, gold: Any, reviewer: Member) -> None:
        self.queue, self.reviewer = gold.queue, reviewer
        self.pages = make.SignedIn(reviewer)
        self.program = make.SignedIn(reviewer)
        self.slug = {"project": gold.project.slug}
        self.seen: dict[str, Any] = {}

    def page(self, route: str, **where: Any) -> str:
        return reverse(f"queues:{route}", kwargs={**self.slug, **where})

    def note(self, name: str, response: Any) -> Any:
        self.seen[name] = shape(response)
        return response

    def go(self) -> tuple[bool, dict[str, Any]]:
        """One item from the claim to what is left of it; whether it was gold, and all that was said."""
        self.seen, key = {}, {"key": self.queue.key}
        self.note("claim page", self.pages.post(self.page("claim", **key)))
        turn = Assignment.objects.live().get(reviewer=self.reviewer, queue=self.queue)
        token = {"token": str(turn.token)}
        self.note("desk", self.pages.get(self.page("review", **key)))
        self.note("fragment", self.pages.get(self.page("review", **key), headers={"HX-Request": "true"}))
        form = {**token, "spans": "[]", "active_ms": "1", "q-grounded": "yes", "q-helpful": "4"}
        self.note("draft", self.pages.post(self.page("draft", **key), form))
        self.note("heartbeat", self.pages.post(self.page("heartbeat", **key), token))
        self.note("release", self.pages.post(self.page("release", **key), token))
        self.note("work", self.pages.get(self.page("work")))
        self.note("refused", self.pages.post(self.page("submit", **key), {**form, "q-grounded": ""}))
        sent = {**form, "submission_id": str(uuid4())}
        self.note("submit", self.pages.post(self.page("submit", **key), sent))
        self.give_back()
        self.note("undo", self.pages.post(turn.undo_path(self.slug["project"])))
        self.note("submit again", self.pages.post(self.page("submit", **key), {**sent, "submission_id": str(uuid4())}))
        self.give_back()
        self.note("turn", self.pages.get(self.page("turn", token=turn.token)))
        self.note("history", self.pages.get(self.page("history") + f"?number={turn.pk}"))
        return turn.is_extra, self.seen

    def give_back(self) -> None:
        """A submit claims nothing here but with htmx, so that each item is begun by itself."""
        assert not Assignment.objects.live().filter(reviewer=self.reviewer).exists()


def test_pages_are_the_same_byte_for_byte(world: Any, reviewer: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.queues.worklist.JUST_SENT", 1)  # else the list grows from round to round
    monkeypatch.setattr("reviews.queues.views.claiming.claim", only_by_claim(claim))
    person = Person(world, reviewer)
    rounds = [person.go() for _ in range(6)][2:]  # nothing to undo before the first, "1 review" before the second
    assert [is_gold for is_gold, _ in rounds] == [True, False, True, False]
    known, *others = [seen for _, seen in rounds]
    for seen in others:
        for name, response in seen.items():
            same(response, known[name], name)


def only_by_claim(real: Any) -> Any:
    """The page's submit goes on with the next item; the test wants to begin it by itself."""

    def claimed(queue: Queue, reviewer: Member) -> Any:
        return real(queue, reviewer) if sys._getframe(1).f_code.co_name == "claim" else None

    return claimed


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each place of a JSON answer with the type of what stands there."""
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], f"{at}/{name}")
    elif isinstance(value, list):
        for entry in value:
            yield from leaves(entry, f"{at}/*")
    else:
        yield at, type(value).__name__


def test_programs_are_told_the_same(world: Any, reviewer: Member, client: Any) -> None:
    key = make.api_key(world.project, "review", member=reviewer)
    auth = {"headers": {"Authorization": f"Bearer {key}"}, "content_type": "application/json"}
    seen: list[tuple[bool, list[Any]]] = []
    for _ in range(4):
        claimed = client.post(reverse("api:queue-claim", args=[world.queue.key]), **auth)
        token = claimed.json()["token"]
        at = {name: reverse(f"api:assignment-{name}", args=[token]) for name in ("detail", "draft", "submit", "undo")}
        draft = json.dumps({"answers": {"grounded": "no"}})
        said = [
            claimed,
            client.get(at["detail"], **auth),
            client.put(at["draft"], draft, **auth),
            client.post(at["submit"], json.dumps(say(claimed)), **auth),
            client.post(at["undo"], "{}", **auth),
            client.post(at["submit"], json.dumps(say(claimed)), **auth),
            client.post(at["submit"], json.dumps(say(claimed)), **auth),
        ]
        turn = Assignment.objects.get(token=token)
        seen.append((turn.is_extra, [(shape(each), sorted(leaves(each.json()))) for each in said]))
    assert [is_gold for is_gold, _ in seen] == [False, False, True, False]
    for _, answers in seen:
        for (response, places), (known, known_places) in zip(answers, seen[0][1], strict=True):
            same(response, known, "program")
            assert places == known_places


def test_numbers_that_a_reviewer_sees_grow_with_every_turn(world: Any, reviewer: Member) -> None:
    """The number of a turn is that of the turn, not of the item, which is older where it is gold."""
    items, turns = [], []
    for _ in range(6):
        turn = world.turn(reviewer)
        items.append(turn.item_id)
        turns.append(turn.pk)
    assert turns == sorted(turns)
    assert items != sorted(items)
    desk = make.SignedIn(reviewer)
    held = claim(world.queue, reviewer)
    assert held is not None
    where = reverse("queues:review", kwargs={"project": world.project.slug, "key": world.queue.key})
    assert not re.search(rf"\b[Ii]tem {held.item_id}\b", desk.get(where).text)


def test_a_claim_and_a_submit_of_gold_take_the_same_statements(world: Any, reviewer: Member) -> None:
    counts = set()
    for _ in range(6):
        with CaptureQueriesContext(connection) as taken:
            held = claim(world.queue, reviewer)
        with CaptureQueriesContext(connection) as sent:
            world.hand_in(held)
        assert held is not None
        counts.add((held.is_extra, len(taken), len(sent)))
    by_kind = {is_gold: {entry[1:] for entry in counts if entry[0] is is_gold} for is_gold in (False, True)}
    if connection.vendor == "postgresql":
        assert by_kind[True] == by_kind[False]
    assert by_kind[True]
