"""A person whose words are everywhere: one token in each place where a text of theirs, or about them, can lie."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import Project
from feedback.critics.assess import assess
from feedback.datasets import contamination, exports
from feedback.datasets.models import ContaminationCheck, Dataset, DatasetVersion, Export
from feedback.judgements.models import Verdict
from feedback.outbox.catalogue import TYPES
from feedback.outbox.models import Endpoint
from feedback.responses.models import Response, ResponseUpload, SavedFilter
from feedback.takeouts.models import TakeOut
from feedback.training import local
from feedback.training.models import FineTuneJob, TrainingLine
from reviews.imports.models import LabelUpload
from reviews.moderation import act, bulk
from reviews.moderation.models import BulkAction
from reviews.quality.gold_make import make as make_gold
from reviews.quality.models import Analysis
from reviews.quality.settle import settle_item
from reviews.queues import claim as claiming
from reviews.queues import items as places
from reviews.queues import submit as submitting
from reviews.queues.escalate import raise_escalation
from reviews.queues.models import Queue
from tests import make
from tests.world import trainer

TOKEN = "zyxtokenqwv"
KEY = f"user-{TOKEN}"
SHAPES = ("preference", "votes", "revision", "provenance", "sft", "spans")


SOURCE = {"id": f"p-{TOKEN}", "text": f"{TOKEN} is a client.", "title": f"About {TOKEN}",
          "url": f"https://e.org/{TOKEN}"}  # fmt: skip
CALL = {"id": "c-1", "type": "function", "function": {"name": "look_up", "arguments": f'{{"who": "{TOKEN}"}}'}}
CALLS = {"role": "assistant", "content": f"Ask {TOKEN}.", "tool_calls": [CALL]}


def row(name: str, output: str, **fields: Any) -> dict[str, Any]:
    """A delivery with the token in every field that takes a text of the person."""
    return {
        "external_id": f"{name}-{TOKEN}",
        "messages": [{"role": "user", "content": f"I am {TOKEN}, how long?"}],
        "output": f"{TOKEN}: {output} {TOKEN}, {TOKEN}",
        "variables": {"name": TOKEN},
        "metadata": {"mail": f"{TOKEN}@example.org"},
        "parameters": {"user": TOKEN},
        "tools": [{"type": "function", "function": {"name": "look_up", "description": TOKEN}}],
        "conversation_id": f"c-{TOKEN}",
        "trace_id": f"t-{TOKEN}",
        "span_id": f"s-{TOKEN}",
        "input_key": f"k-{TOKEN}",
        "subject_key": KEY,
        "segment": f"s-{TOKEN}",
        "tags": [f"tag-{TOKEN}"],
        "passages": [SOURCE],
        "feedback": [{"kind": "rating", "score": 0, "comment": f"{TOKEN} is unhappy"}],
        **fields,
    }


def deliver(project: Project, *rows: dict[str, Any]) -> list[Response]:
    headers = {"Authorization": f"Bearer {make.api_key(project, 'ingest')}", "Idempotency-Key": str(uuid4())}
    client = Client(headers=headers)
    for one in rows:
        answer = client.post("/api/v1/responses/", json.dumps(one), content_type="application/json",
                             headers={"Idempotency-Key": str(uuid4())})  # fmt: skip
        assert answer.status_code == 201, answer.content
    return [Response.objects.get(project=project, external_id=one["external_id"]) for one in rows]


class Person:
    """The world with the person in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        Endpoint.add(project, "https://hooks.example.org/", sorted(TYPES))
        self.members = [make.member(project, "admin", name=f"Reviewer {n}") for n in range(3)]
        self.alone, self.first, self.second, self.open = deliver(
            project, row("alone", "Thirty days."), row("first", "Sixty days."), row("second", "No idea."),
            {**row("open", ""), "output": CALLS},
        )  # fmt: skip
        self.replay = make.response(project, f"A replay for {TOKEN}", conversation_id=f"c-{TOKEN}")
        self.stranger = make.response(project, "Nothing of them.", subject_key="somebody-else")
        self.judged()
        self.worked()
        self.imported()
        self.kept()
        self.published()
        self.measured()
        self.learnt_from()

    def judged(self) -> None:
        """Reviews with marks, notes, corrections; settled, one of them by a moderator with reasons."""
        self.queue = make.queue(self.project, k=2)
        self.pairs = make.queue(self.project, subject_size=2, k=2)
        at, passage = self.alone.body.output.index(TOKEN, 1), self.alone.passages.get()
        evidence = {"passage": passage.pk, "start": 0, "end": len(TOKEN), "quote": TOKEN}
        flag = {"start": at, "end": at + len(TOKEN), "quote": TOKEN, "kind": "unsupported", "severity": "minor",
                "note": f"About {TOKEN}", "evidence": evidence}  # fmt: skip
        answers = {"grounded": "no", "helpful": 2, "flags": [flag], "rewrite": f"{TOKEN} has sixty days."}
        said = {"start": at, "end": at + len(TOKEN), "quote": TOKEN, "kind": "unsupported", "note": f"Says {TOKEN}"}
        assess(self.project, [{"response": self.alone.external_id, "critic": {"slug": "judge", "version": "1"},
                               "score": 0.1, "spans": [said], "reason": f"Nobody knows {TOKEN}"}])  # fmt: skip
        alone, pair = make.subject(self.alone), make.subject(self.first, self.second)
        self.expected = {"grounded": "no", "flags": [flag]}
        theirs = {"better": {"outcome": "preferred", "preferred": self.first.pk, "strength": 2}, "why": f"For {TOKEN}"}
        for member in self.members[:2]:
            make.counted(self.queue, alone, member, answers, note=f"Knows {TOKEN}")
            make.counted(self.pairs, pair, member, theirs, note=f"So does {TOKEN}")
            make.counted(self.queue, make.subject(self.stranger), member, make.ANSWERS)
        for queue in (self.queue, self.pairs):
            for item in queue.items.all():
                settle_item(item)
        decided = {"grounded": {"kind": "yes_no", "value": "no", "adjudicated": True, "reason": f"Seen {TOKEN}"}}
        old = Verdict.objects.get(subject=alone)
        Verdict.objects.create(
            project=self.project, subject=alone, rubric_version=old.rubric_version, origin="elsewhere",
            method="adjudicated", answers=decided, n_reviews=0, is_failure=True, reason=f"It is {TOKEN}",
        )  # fmt: skip

    def worked(self) -> None:
        """Somebody is at an item of theirs, with a draft, a question, a moderator's reason; another skipped it."""
        busy = make.queue(self.project, k=3)
        places.add_items(busy, [make.subject(self.open).pk])
        held = claiming.claim(busy, self.members[0])
        assert held is not None
        submitting.save_draft(held.token, self.members[0], {"note": f"Draft about {TOKEN}"})
        raise_escalation(held, f"Who is {TOKEN}?")
        act.ask_more(busy.items.get(), self.members[1], f"Ask {TOKEN}")
        skipped = claiming.claim(busy, self.members[2])
        assert skipped is not None
        submitting.skip(skipped.token, self.members[2], "other", f"I know {TOKEN}")
        self.taken_out()
        self.held = held

    def taken_out(self) -> None:
        """Items by bulk, and why."""
        queue = make.queue(self.project)
        places.add_items(queue, [make.subject(self.second).pk])
        ids, reason = [queue.items.get().pk], f"Not {TOKEN} again"
        digest = bulk.digest_of("withdraw", ids)
        action = bulk.start(self.project, self.members[0], "withdraw", ids, digest=digest, reason=reason)
        jobs.run(BulkAction, action.pk)

    def imported(self) -> None:
        taking: Queue = make.queue(self.project, takes_imports=True)
        self.label = {
            "source": "survey", "external_id": f"label-{TOKEN}", "reviewer": "rater", "queue": taking.key,
            "responses": [self.alone.external_id], "answers": make.ANSWERS, "note": f"By {TOKEN}",
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {make.api_key(self.project, 'review:import')}",
                   "Idempotency-Key": str(uuid4())}  # fmt: skip
        answer = Client().post("/api/v1/imported-reviews/", json.dumps(self.label), content_type="application/json",
                               headers=headers)  # fmt: skip
        assert answer.status_code in {200, 201}, answer.content

    def kept(self) -> None:
        """Files that were brought and not begun, and a filter that names the person."""
        member = self.members[0]
        content = ContentFile(json.dumps(row("uploaded", "Wait.")).encode())
        ResponseUpload.keep(self.project, member, content, name=f"{TOKEN}.jsonl", columns={})
        told = {"refused": [{"row": 1, "detail": KEY}], "error": f"Of {KEY}", "state": "done"}
        begun = ResponseUpload.keep(self.project, member, content, name="begun.jsonl", columns={})
        ResponseUpload.objects.filter(pk=begun.pk).update(**told)
        default_storage.delete(begun.file)  # as one does that has ended
        labels = ContentFile(json.dumps({**self.label, "external_id": f"in-file-{TOKEN}"}).encode())
        LabelUpload.keep(self.project, member, labels, name=f"{KEY}.jsonl", columns={})
        begun_labels = LabelUpload.keep(self.project, member, labels, name="labels.jsonl", columns={})
        LabelUpload.objects.filter(pk=begun_labels.pk).update(**told)
        default_storage.delete(begun_labels.file)
        SavedFilter.objects.create(
            project=self.project, owner=member, name=f"About {TOKEN}", query=f"subject_key={KEY}"
        )

    def published(self) -> None:
        """Two versions, the files of the first, a file half written, and a take-out."""
        self.dataset = Dataset.objects.create(project=self.project, key="set", name="Set", shares={"train": 1.0})
        self.dataset.rule = {"min_votes": 1}
        self.dataset.save()
        self.versions = [self.build(), self.build()]
        for shape in SHAPES:
            jobs.run(Export, exports.request(self.versions[0], shape, "").pk)
        self.half = exports.request(self.versions[1], "conversation")
        attempt = jobs.claim(Export, self.half.pk)
        assert attempt is not None
        assert jobs.run_chunk(Export, self.half.pk, attempt)
        self.takeout = TakeOut.ask(self.project)
        jobs.run(TakeOut, self.takeout.pk)

    def measured(self) -> None:
        """Gold with reasons, a leaderboard, and a benchmark that says what they said."""
        item = self.queue.items.get(subject__parts__response=self.alone)
        make_gold(item, self.expected, self.members[0], why=f"Because of {TOKEN}")
        analysis = Analysis.ask(self.project, "leaderboard", {})
        jobs.run(Analysis, analysis.pk)
        asked = f"I am {TOKEN}, how long?".encode()
        check = contamination.begin(self.versions[0], "benchmark.txt", asked, by=self.members[0])
        jobs.run(ContaminationCheck, check.pk)
        assert check.hits.exists()

    def learnt_from(self) -> None:
        """A fine-tune under way on this machine, with its copies of the files and a log that quotes them."""
        train, held = (exports.request(self.versions[0], "reward", split) for split in ("train", "validation"))
        self.tune = FineTuneJob.objects.create(
            project=self.project, trainer=trainer(self.project, "local", ""), version=self.versions[0], method="reward",
            train_export=train, validation_export=held, base_model=local.TINY, state="running", phase="watch",
            cursor={"paused": 0}, process={"host": "here"},
        )  # fmt: skip
        folder = local.folder_of(self.tune)
        folder.mkdir(parents=True)
        for path in (*local.copies(self.tune), folder / "log.txt"):
            path.write_text(f"I am {TOKEN}")
        about: dict[str, Any] = {"project": self.project, "job": self.tune, "at": timezone.now()}
        TrainingLine.objects.create(**about, key="log-0", text=f"Row 1: {TOKEN}")

    def build(self) -> DatasetVersion:
        version = self.dataset.build()
        jobs.run(DatasetVersion, version.pk)
        version.refresh_from_db()
        assert version.state == "done", version.error
        return version


def in_tables() -> list[str]:
    """Every column of every table of the database that holds the token, as text."""
    found = []
    kind = "text" if connection.vendor == "postgresql" else "TEXT"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE CAST("{column.name}" AS {kind}) LIKE %s', [f"%{TOKEN}%"]
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column.name}")
    return found


def in_files() -> list[str]:
    """Every file of the instance that holds the token, also in packed ones."""
    found = []
    for folder in (Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)):
        for path in folder.rglob("*"):
            if path.is_file() and TOKEN.encode() in unpacked(path):
                found.append(str(path))
    return found


def unpacked(path: Path) -> bytes:
    import zipfile

    data = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            data += b"".join(archive.read(name) for name in archive.namelist())
            data += b"".join(gzip.decompress(archive.read(n)) for n in archive.namelist() if n.endswith(".gz"))
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
