"""What is begun and killed: each scene makes rows of its own and says what is asked of the web or of a worker.

Run by tests/faults/crashes.py inside an instance.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import exports, snapshot, writing
from feedback.datasets.models import Dataset, DatasetVersion, Export, PromptSketch
from feedback.jobs import Job, run_job
from feedback.judgements.models import Review
from feedback.outbox.models import Delivery, Endpoint, Event
from feedback.responses import ingest
from feedback.responses.models import Response, ResponseUpload
from feedback.takeouts.models import TakeOut
from reviews.quality import settle as settle_module
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.models import Item, Queue
from reviews.sampling import draw as draw_module
from tests import make

CHUNK = 3  # rows, subjects or verdicts a transaction, so that there are several
WORLD = "crash-dataset"
SUBMISSION = "5b6f6f0e-5d2c-4bb5-9d0b-7f4a3e6d1c11"


def newest_event() -> int:
    return AuditEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def files() -> set[Path]:
    """What lies in the file storage and beside it."""
    places = [settings.MEDIA_ROOT, settings.VAR_DIR / "partial"]
    return {path for place in places for path in place.rglob("*") if path.is_file()}


@dataclass
class Case:
    """What is about to happen in a project; what was audited and written before is no part of it."""

    project: Project
    audited: int = field(default_factory=newest_event, kw_only=True)
    files: set[Path] = field(default_factory=files, kw_only=True)


@dataclass
class Asked(Case):
    """One request, the same however often it is sent."""

    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Begun(Case):
    """One piece of background work: `work` does it, as a worker would; `job` is its row."""

    work: Callable[[], Any]
    job: Job | None = None


def small_chunks() -> None:
    ingest.CHUNK_ROWS = draw_module.CHUNK = settle_module.BATCH = snapshot.BLOCK = writing.CHUNK = CHUNK


def new_project() -> Project:
    project = make.project(f"crash-{uuid.uuid4().hex[:12]}")
    for number in range(3):
        make.member(project, "curator" if number == 0 else "reviewer", name=f"Person {number}")
    return project


def reviewer_and_queue() -> tuple[Member, Queue]:
    project = new_project()
    queue = make.queue(project, k=1, key="crash")
    responses = [make.response(project, external_id=f"r-{number}", question=f"Q{number}?") for number in range(3)]
    add_items(queue, [make.subject(response).pk for response in responses])
    return project.members.filter(role="reviewer").earliest("pk"), queue


# -- asked of the web


def by_page(member: Member, route: str, fields: dict[str, Any]) -> Asked:
    """A form as a browser posts it, with its session and its token against forged requests."""
    secret = "c" * 32
    session = make.SignedIn(member).cookies[settings.SESSION_COOKIE_NAME].value
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={secret}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = reverse(f"queues:{route}", kwargs={"project": member.project.slug, "key": "crash"})
    return Asked(member.project, path, urlencode({"csrfmiddlewaretoken": secret, **fields}), headers)


def by_key(key: str, project: Project, path: str, body: str = "", kind: str = "application/json") -> Asked:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "Idempotency-Key": "the-only-one"}
    return Asked(project, path, body, headers)


def claim_by_page() -> Asked:
    member, _ = reviewer_and_queue()
    return by_page(member, "claim", {})


def claim_by_rest() -> Asked:
    member, queue = reviewer_and_queue()
    key = make.api_key(member.project, "review", member=member)
    return by_key(key, member.project, reverse("api:queue-claim", kwargs={"key": queue.key}))


def submit_by_page() -> Asked:
    member, queue = reviewer_and_queue()
    held = claim(queue, member)
    assert held is not None
    answers = {"q-grounded": "yes", "q-helpful": "4", "spans": "[]"}
    return by_page(member, "submit", {"token": held.token, "submission_id": SUBMISSION, **answers})


def submit_by_rest() -> Asked:
    member, queue = reviewer_and_queue()
    held = claim(queue, member)
    assert held is not None
    key = make.api_key(member.project, "review", member=member)
    body = {"submission_id": SUBMISSION, "answers": make.ANSWERS, "next": True}
    path = reverse("api:assignment-submit", kwargs={"token": held.token})
    return by_key(key, member.project, path, json.dumps(body))


def lines(n: int) -> str:
    rows = (
        {
            "external_id": f"r-{number}", "prompt": f"Question {number}?", "output": f"Answer {number}.",
            "model": "small-1", "prompt_version": {"name": "claims", "version": f"v{number % 2}"},
            "passages": [{"text": f"Source {number}"}], "feedback": [{"kind": "thumb", "score": 1}],
        }
        for number in range(n)
    )  # fmt: skip
    return "\n".join(map(json.dumps, rows))


def ingest_one() -> Asked:
    project = new_project()
    return by_key(make.api_key(project, "ingest"), project, reverse("api:response-list"), lines(1))


def ingest_stream() -> Asked:
    project, kind = new_project(), "application/x-ndjson"
    return by_key(make.api_key(project, "ingest"), project, reverse("api:response-list"), lines(2 * CHUNK + 1), kind)


# -- who is told

HEARD: list[str] = []  # ids of messages, as they came


class Hearing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        HEARD.append(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@cache
def receiver() -> str:
    """The address of a program that takes what it is told; it lives as long as this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hearing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{server.server_port}"
    settings.EGRESS_ALLOW = [place]
    return f"http://{place}/hook"


# -- begun by a worker


def begun(job: Job, project: Project) -> Begun:
    return Begun(project, lambda: run_job(job._meta.label_lower, job.pk), job)


def ingest_file() -> Begun:
    project = new_project()
    content = ContentFile(lines(2 * CHUNK + 1).encode())
    person = project.members.get(role="curator")
    upload = ResponseUpload.keep(project, person, content, name="rows.jsonl", columns={})
    assert upload.start(None)
    upload.refresh_from_db()
    return begun(upload, project)


def draw() -> Begun:
    project = new_project()
    for number in range(4 * CHUNK):
        make.response(project, external_id=f"r-{number}", question=f"Question {number}?")
    rule = make.sampling_rule(make.queue(project, k=2), rate=0.8, seed="s")
    return begun(rule.start(), project)


def settle() -> Begun:
    """Of each item two reviews: some agree, some do not, one was undone."""
    project = new_project()
    queue = make.queue(project, k=2, key="crash")
    people = list(project.members.filter(role="reviewer"))
    for number in range(2 * CHUNK):
        subject = make.subject(make.response(project, external_id=f"r-{number}"))
        for index, person in enumerate(people):
            grounded = "yes" if number % 3 or index else "no"
            make.counted(queue, subject, person, {"grounded": grounded, "helpful": 4})
    return Begun(project, settle_module.settle_complete_items)


def compared(project: Project, n: int) -> None:
    version = make.rubric_version(project, subject_size=2)
    people = list(project.members.all())
    for number in range(n):
        texts = ("Yes, within 30 days.", "No idea.")
        pair = [make.response(project, text, question=f"Question {number}?") for text in texts]
        subject = make.subject(*pair)
        better = {"outcome": "preferred", "preferred": pair[number % 2].pk, "strength": 2}
        order = [response.pk for response in pair]
        reviews = [make.review(subject, version, one, {"better": better}, shown_order=order) for one in people]
        make.verdict(subject, version, reviews)


def one_world() -> Dataset:
    """Ids of responses are in a dataset's hash: so its cases share one project, and each begins with a new dataset."""
    project = Project.objects.filter(slug=WORLD).first()
    if project is None:
        project = make.project(WORLD)
        for number in range(3):
            make.member(project, "reviewer", name=f"Person {number}")
        compared(project, 3 * CHUNK)
    Dataset.objects.filter(project=project).delete()
    PromptSketch.objects.filter(project=project).delete()
    shares = {"train": 0.6, "test": 0.4}
    return Dataset.objects.create(project=project, key="crash", name="Crash", shares=shares, salt="0" * 32)


def build() -> Begun:
    dataset = one_world()
    return begun(dataset.build(), dataset.project)


def export(shape: str = "preference", **how: Any) -> Begun:
    dataset = one_world()
    version = dataset.build()
    run_job(version._meta.label_lower, version.pk)
    return begun(exports.request(DatasetVersion.objects.get(pk=version.pk), shape, **how), dataset.project)


def export_gzip() -> Begun:
    return export(packing="gzip")


def export_zstd() -> Begun:
    return export(packing="zstd")


def export_parquet() -> Begun:
    return export(format="parquet")


def tell() -> Begun:
    """A version is built, of which a receiver hears: whoever dies on the way, it hears, under one id."""
    dataset = one_world()
    Event.objects.filter(project=dataset.project).delete()
    Endpoint.objects.filter(project=dataset.project).delete()
    Endpoint.add(dataset.project, receiver(), ["dataset.version.ready"])
    version = dataset.build()

    def work() -> None:
        run_job(version._meta.label_lower, version.pk)
        for delivery in Delivery.objects.filter(project=dataset.project).claimable():
            run_job(delivery._meta.label_lower, delivery.pk)

    HEARD.clear()
    return Begun(dataset.project, work, version)


def take_out() -> Begun:
    member, _ = reviewer_and_queue()
    takeout = TakeOut.objects.create(project=member.project)
    return begun(takeout, member.project)


# -- and what there must be in the end

# A delivery that was cut off stays noted, and tells how far it came; a day is marked once for each chunk that was sent.
CUT_OFF = {"responses.ingestbatch", "responses.changedday"}
TELLING = ("state", "verb", "kind", "is_current")


def everything(case: Case) -> dict[str, Any]:
    """All rows of the project by kind and state, and what they say: nothing that differs between two such projects."""

    def of(model: type[Any], *names: str) -> list[Any]:
        return sorted(model._default_manager.filter(project=case.project).values_list(*names))

    return {
        "rows": counted(case),
        "reviews": of(Review, "digest", "origin", "round", "revision"),
        "responses": of(Response, "external_id", "output_hash", "verdict"),
        "items": of(Item, "subject__parts__response__external_id", "state", "k", "n_filled", "inclusion_probability"),
        "versions": of(DatasetVersion, "rows_sha256", "counts__pairs"),
        "exports": of(Export, "sha256", "n_rows", "n_bytes"),
        "heard": len(set(HEARD)),
        "files": [f"{len(files() - case.files)} more", f"{len(case.files - files())} fewer"],
    }


def counted(case: Case) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for model in apps.get_models():
        names = {one.name for one in model._meta.fields}
        if "project" not in names or model._meta.label_lower in CUT_OFF:
            continue
        rows = model._default_manager.filter(project=case.project)
        if model is AuditEvent:
            rows = rows.filter(pk__gt=case.audited)
        for row in rows.values_list("project__slug", *(name for name in TELLING if name in names)):
            counts[" ".join([model._meta.label_lower, *map(str, row[1:])])] += 1
    return dict(sorted(counts.items()))
