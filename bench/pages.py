"""Every page and API route that lists or adds up, over the world of world.py: statements, p50 and p95.

    DATABASE_URL=postgres://… python bench/pages.py [--size 1000000] [--calls 20] [--only overview] [--worst 3]

Through Django's test client with a real database, as the role that reads the page, warm; a few also through
gunicorn. `--worst N` prints the slowest statement of the N slowest pages. The aim is DESIGN §10's: at most ten
statements and 150 ms (p95) for any list at a million rows. The compared figure is the lightest page of the same
run (a person's keys, no table of the world): what session, rights and the frame cost on this machine at this hour.
"""

# ruff: noqa: E402 (the path is set before imports; bench.world sets Django up)

from __future__ import annotations

import gc
import http.client
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.measured.process import Web
from bench.table import Line, Size, add, asked
from bench.world import SIZE, World, made

STATEMENTS, MILLISECONDS = 10, 150.0
BY_GUNICORN = ("responses", "overview", "queue", "queue: polled", "items", "audit")
UNCOUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN", "COMMIT")


@dataclass
class Page:
    """One address as one role asks for it; `fragment` as htmx does."""

    name: str
    role: str
    url: str
    fragment: bool = False
    data: dict[str, str] | None = None  # posted, when given

    def ask(self, client: Client) -> Any:
        headers = {"HX-Request": "true"} if self.fragment else {}
        if self.data is not None:
            return client.post(self.url, self.data, headers=headers)
        return client.get(self.url, headers=headers)


@dataclass
class Found:
    page: Page
    statements: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return 1000 * statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return 1000 * statistics.quantiles(self.seconds, n=20)[-1]

    @property
    def slowest(self) -> dict[str, Any]:
        return max(self.statements, key=lambda row: float(row["time"]))


def pages(world: World) -> Iterator[Page]:
    yield from of_responses(world)
    yield from of_figures(world)
    yield from of_queues(world)
    yield from of_moderation(world)
    yield from of_datasets(world)
    yield from of_the_rest(world)
    yield from of_programs(world)


def to(world: World, route: str, query: str = "", **kwargs: Any) -> str:
    return reverse(route, kwargs={"project": world.project.slug, **kwargs}) + (f"?{query}" if query else "")


def of_responses(world: World) -> Iterator[Page]:
    rows = world.project.responses.order_by("-pk")
    some, newest, oldest = rows.filter(conversation_id__gt="", verdict="failed")[0], rows[0], rows.reverse()[0]
    filters = {
        "": "", "second page": f"before={(oldest.pk + newest.pk) // 2}", "search": "q=suitcase",
        "search: nothing": "q=zebra",
        "prompt": "prompt=prompt-3", "prompt version": "prompt_version=v2", "model": "model=model-5",
        "provider": "provider=harbour",
        "origin": "origin=import", "environment": "environment=staging", "segment": "segment=family",
        "tag": "tag=refund",
        "conversation": f"conversation_id={some.conversation_id}", "trace": f"trace_id={some.trace_id}",
        "end user": f"subject_key={some.subject_key}", "licence: none": "licence=MIT",
        "batch": f"batch={some.batch_id}",
        "external id": f"external_id={some.external_id}", "input": f"input_hash={some.input_hash}",
        "span: none": "span_id=00f067aa0ba902b7",
        "failed": "verdict=failed", "not queued": "is_queued=false", "feedback": "has_feedback=true",
        "low score": "feedback_below=0.5", "consent": "consent=true", "no cost": "has_cost=false",
        "no sources": "has_passages=false",
        "dear": "min_cost=0.01015", "slow": "min_latency_ms=4500", "long": "min_output_tokens=449",
        "many thoughts": "min_reasoning_tokens=1",
        "old": f"responded_before={oldest.responded_at.isoformat().replace('+', '%2B')}",
        "came in": "received_after=2020-01-01",
        "dear and failed": "min_cost=0.0099&verdict=failed&environment=staging",
    }  # fmt: skip
    for name, query in filters.items():
        yield Page(f"responses{': ' if name else ''}{name}", "curator", to(world, "responses:response-list", query))
    for name, route in {
        "response": "responses:response-detail", "response: items": "queues:response-items",
        "response: verdicts": "judgements:response-verdicts", "response: uses": "datasets:response-uses",
    }.items():  # fmt: skip
        yield Page(name, "curator", to(world, route, pk=some.pk))
    yield Page("saved filters", "curator", to(world, "responses:filter-list"))
    yield Page("prices", "curator", to(world, "responses:price-list"))
    yield Page("prices: use", "curator", to(world, "responses:price-use"), fragment=True)


def of_figures(world: World) -> Iterator[Page]:
    prompt = world.project.prompts.get(name="prompt-0")
    version = prompt.versions.order_by("-pk")[0]
    older = prompt.versions.order_by("-pk")[1]
    yield Page("prompts", "curator", to(world, "prompts:prompt-list"))
    yield Page("prompt", "curator", to(world, "prompts:prompt-detail", pk=prompt.pk))
    yield Page("prompt version", "curator", to(world, "prompts:version-detail", pk=version.pk))
    yield Page("prompt: compare", "curator", to(world, "prompts:version-compare", pk=prompt.pk))
    yield Page("prompt: quality", "curator", to(world, "monitoring:prompt-quality", pk=prompt.pk), fragment=True)
    pair = f"version={older.pk}&version={version.pk}"
    two = to(world, "monitoring:prompt-quality", pair, pk=prompt.pk)
    yield Page("prompt: quality of two", "curator", two, fragment=True)
    for name, query in {
        "": "",
        " all": "days=all",
        " staging": "environment=staging",
        " one": "prompt=prompt-5",
    }.items():
        yield Page(f"overview{name}", "curator", to(world, "monitoring:overview", query))
        traffic = to(world, "monitoring:overview-traffic", query)
        yield Page(f"overview: traffic{name}", "curator", traffic, fragment=True)
    yield Page("overview: queues", "curator", to(world, "monitoring:overview-queues"), fragment=True)
    yield Page("overview: waiting", "curator", to(world, "monitoring:overview-waiting"), fragment=True)
    yield Page("find", "admin", to(world, "monitoring:find", "q=prompt-1"), fragment=True)
    yield Page("find: a response", "admin", to(world, "monitoring:find", "q=r-500"), fragment=True)
    yield Page("jobs", "curator", to(world, "monitoring:job-list"))
    yield Page("jobs: failed", "curator", to(world, "monitoring:job-list", "state=failed"))
    yield Page("jobs: workers", "curator", to(world, "monitoring:job-workers"), fragment=True)


def of_queues(world: World) -> Iterator[Page]:
    key = world.queue.key
    yield Page("my work", "reviewer", to(world, "queues:work"))
    yield Page("my reviews", "reviewer", to(world, "queues:history"))
    yield Page("my reviews: queue", "reviewer", to(world, "queues:history", "queue=pairs"))
    yield Page("my reviews: skipped", "reviewer", to(world, "queues:history", "state=skipped"))
    yield Page("queues", "curator", to(world, "queues:queue-list"))
    yield Page("queue", "curator", to(world, "queues:queue-detail", key=key))
    yield Page("queue: polled", "curator", to(world, "queues:queue-detail", key=key), fragment=True)
    for name in ("activity", "pace"):
        yield Page(f"queue: {name}", "curator", to(world, f"queues:queue-{name}", key=key), fragment=True)
    far = world.queue.items.order_by("-pk").values_list("pk", flat=True)[1_000]
    for name, query in {
        "": "",
        " withdrawn": "state=withdrawn",
        " unresolved": "state=unresolved",
        " far": f"after={far}",
    }.items():
        yield Page(f"queue: items{name}", "curator", to(world, "queues:queue-items", query, key=key))
    yield Page("rubrics", "curator", to(world, "rubrics:rubric-list"))
    yield Page("rubric", "curator", to(world, "rubrics:rubric-detail", pk=world.queue.rubric_version.rubric_id))
    yield Page("rules", "curator", to(world, "sampling:rule-list"))
    yield Page("rule", "curator", to(world, "sampling:rule-detail", key="sample"))
    yield Page("rule: dry run", "curator", to(world, "sampling:rule-trial", key="sample"), fragment=True)


def of_moderation(world: World) -> Iterator[Page]:
    item = world.project.items.filter(state="settled").order_by("pk")[5]
    dispute = world.project.adjudications.filter(settled_at=None).order_by("pk")[0]
    escalation = world.project.escalations.filter(closed_at=None).order_by("pk")[0]
    yield Page("moderation", "moderator", to(world, "moderation:panel"))
    for region in ("disputes", "escalations", "withdrawn", "failed", "recent"):
        yield Page(
            f"moderation: {region}", "moderator", to(world, "moderation:panel", f"region={region}"), fragment=True
        )
    pseudonym = world.members["reviewer"].pseudonym
    for name, text in {"a number": item.pk, "an id": "r-500", "a person": pseudonym, "a queue": "answers"}.items():
        yield Page(
            f"moderation search: {name}", "moderator", to(world, "moderation:search", f"q={text}"), fragment=True
        )
    filters = {"": "", ": queue": "queue=pairs", ": settled": "state=settled", ": withdrawn": "state=withdrawn",
               ": search": "text=suitcase", ": search: nothing": "text=zebra", ": stratum": "stratum=x"}  # fmt: skip
    for name, query in filters.items():
        yield Page(f"items{name}", "moderator", to(world, "moderation:item-list", query))
    yield Page("item", "moderator", to(world, "moderation:item-detail", pk=item.pk))
    yield Page("item: disputed", "moderator", to(world, "moderation:item-detail", pk=dispute.item_id))
    yield Page("item: with an escalation", "moderator", to(world, "moderation:item-detail", pk=escalation.item_id))
    yield Page("disputes", "moderator", to(world, "quality:unsettled"))
    yield Page("dispute", "moderator", to(world, "quality:settle", pk=dispute.item_id))
    for state in ("open", "answered", "closed", "all"):
        yield Page(f"escalations: {state}", "moderator", to(world, "moderation:escalation-list", f"state={state}"))
    yield Page("escalation", "moderator", to(world, "moderation:escalation-detail", pk=escalation.pk))


def of_datasets(world: World) -> Iterator[Page]:
    place: dict[str, Any] = {"key": world.dataset.key, "number": 2}
    pair = world.dataset.versions.get(number=2).pairs.order_by("pk")[9]
    yield Page("datasets", "curator", to(world, "datasets:dataset-list"))
    yield Page("dataset", "curator", to(world, "datasets:dataset-detail", key=world.dataset.key))
    yield Page("dataset: version", "curator", to(world, "datasets:version-detail", **place))
    yield Page("dataset: compare", "curator", to(world, "datasets:version-compare", key=world.dataset.key))
    filters = {"": "", ": test": "split=test", ": rating": "source=rating", ": votes": "min_votes=3",
               ": share": "min_share=0.9",
               ": strength": "min_strength=2", ": criterion": "criterion=other", ": an id": f"q={pair.pair_id[:8]}",
               ": a response": "q=r-77", ": far": "after=90000"}  # fmt: skip
    for name, query in filters.items():
        yield Page(f"pairs{name}", "curator", to(world, "datasets:pair-list", query, **place))
    yield Page("pair", "curator", to(world, "datasets:pair-detail", pair_id=pair.pair_id, **place))
    yield Page("left out", "curator", to(world, "datasets:excluded-list", **place))
    yield Page("left out: ties", "curator", to(world, "datasets:excluded-list", "reason=tie", **place))


def of_the_rest(world: World) -> Iterator[Page]:
    for name, query in {
        "": "",
        ": person": f"actor={world.members['admin'].key}",
        ": kind": "object_type=accounts.project",
    }.items():
        yield Page(f"audit{name}", "admin", to(world, "audit:event-list", query))
    trail = to(world, "audit:object-trail", "object_type=queues.queue&object_id=7")
    yield Page("audit: trail", "admin", trail, fragment=True)
    yield Page("people", "admin", to(world, "accounts:member-list"))
    yield Page("people: imported", "admin", to(world, "accounts:source-list"))
    yield Page("API keys", "admin", to(world, "accounts:key-list"))
    yield Page("take-outs", "admin", to(world, "takeouts:takeout-list"))
    yield Page("settings", "admin", to(world, "accounts:project-settings"))


def of_programs(world: World) -> Iterator[Page]:
    for name, query in {
        "response-list": "page_size=100", "prompt-list": "", "prompt-version-list": "", "rubric-list": "",
        "queue-list": "",
        "review-list": "", "verdict-list": "", "rule-list": "", "dataset-list": "",
        "preference-pair-list": f"dataset={world.dataset.key}",
    }.items():  # fmt: skip
        yield Page(f"API {name}", "admin", reverse(f"api:{name}") + (f"?{query}" if query else ""))
    yield Page(
        "API response-list: failed", "admin", reverse("api:response-list") + "?verdict=failed&environment=staging"
    )
    yield Page("API verdict-list: current", "admin", reverse("api:verdict-list") + "?is_current=true")
    yield Page("API queue-detail", "admin", reverse("api:queue-detail", kwargs={"key": world.queue.key}))


def clients(world: World) -> dict[str, Client]:
    settings.ALLOWED_HOSTS = ["*"]  # also the test client's
    found = {role: Client(raise_request_exception=True) for role in world.members}
    for role, client in found.items():
        user = world.members[role].user
        assert user is not None
        client.force_login(user)
    return found


def measured(page: Page, client: Client, calls: int) -> Found:
    found = Found(page)
    page.ask(client)
    with CaptureQueriesContext(connection) as captured:
        answer = page.ask(client)
    if answer.status_code != 200:
        sys.exit(f"{page.name}: {page.url} answered {answer.status_code}")
    found.statements = [row for row in captured.captured_queries if not row["sql"].startswith(UNCOUNTED)]
    for _ in range(calls):
        begun = time.perf_counter()
        page.ask(client)
        found.seconds.append(time.perf_counter() - begun)
        if sum(found.seconds) > 10 and len(found.seconds) > 4:
            break  # it is slow, and we know it
    print(f"{page.name}: {len(found.statements)} statements, p50 {found.p50:.0f} ms", file=sys.stderr, flush=True)
    return found


def table_of(found: list[Found], frame: Found) -> list[Line]:
    aim, against = f"≤ {STATEMENTS} statements, p95 ≤ {MILLISECONDS:.0f} ms", f"the frame, {frame.p50:.0f} ms"
    return [
        Line(
            f"{row.page.name}{' (fragment)' if row.page.fragment else ''}",
            f"{len(row.statements)} statements, p50 {row.p50:.0f} ms, p95 {row.p95:.0f} ms",
            against,
            row.p50 / frame.p50,
            aim,
        )
        for row in sorted(found, key=lambda row: -row.p95)
    ]


def over_http(page: Page, client: Client, port: int, calls: int) -> Found:
    found = Found(page)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Host": f"127.0.0.1:{port}"}
    headers |= {"HX-Request": "true"} if page.fragment else {}
    for number in range(calls + 4):
        connected = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        begun = time.perf_counter()
        connected.request("GET", page.url, headers=headers)
        answer = connected.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"{page.url} answered {answer.status} by gunicorn")
        if number > 3:  # both workers are warm
            found.seconds.append(time.perf_counter() - begun)
        connected.close()
    return found


def main() -> None:
    options = asked(
        __doc__,
        size=Size(SIZE, 2_000),
        calls=Size(20, 2),
        only=Size("", "", "Pages whose name begins so."),
        worst=Size(0, 0, "Print the slowest statement of so many pages."),
    )
    world = made(options.size)
    call_command("collectstatic", interactive=False, verbosity=0)
    people = clients(world)
    gc.collect()
    gc.freeze()  # as the web process does
    frame = measured(Page("the frame", "admin", reverse("account_keys")), people["admin"], options.calls)
    found = [
        measured(page, people[page.role], options.calls) for page in pages(world) if page.name.startswith(options.only)
    ]
    lines = table_of(found, frame)
    if not options.only:
        with Web() as web:
            chosen = [row.page for row in found if row.page.name in BY_GUNICORN]
            http_rows = [over_http(page, people[page.role], web.port, options.calls) for page in chosen]
        lines += [
            Line(
                f"{row.page.name}, through gunicorn", f"p50 {row.p50:.0f} ms, p95 {row.p95:.0f} ms", aim="p95 ≤ 150 ms"
            )
            for row in http_rows
        ]
    beyond = sum(len(row.statements) > STATEMENTS or row.p95 > MILLISECONDS for row in found)
    add("pages", f"Pages over {options.size:,} responses ({beyond} of {len(found)} beyond the aim)", lines)
    for row in sorted(found, key=lambda row: -row.p95)[: options.worst]:
        print(f"\n{row.page.name}: {len(row.statements)} statements, slowest {row.slowest['time']} s")
        print(row.slowest["sql"])


if __name__ == "__main__":
    main()
