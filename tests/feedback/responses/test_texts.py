"""Bodies and passages as a reader gets them: the same on both databases, whatever is in them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Project
from feedback.responses.models import Passage, Response
from feedback.responses.texts import PASSAGE, with_texts
from tests import make

pytestmark = pytest.mark.django_db


def test_it_reads_what_is_stored(project: Project) -> None:
    passages = ['Say "yes" \\ no', "two\nlines", "\u202e hidden 🧾"]
    made = [make.response(project, "One.", passages=passages), make.response(project, "Two.")]
    more = {"position": 9, "text": "", "text_hash": "", "url": "https://example.org/?a=1&b=2", "score": 0.1 + 0.2}
    Passage.objects.create(project=project, response=made[0], **more)
    with CaptureQueriesContext(connection) as said:
        read = with_texts(Response.objects.order_by("pk"))
        texts = [(row.body.output, row.body.messages, row.output_hash) for row in read]
        shown = [list(row.passages.all()) for row in read]
    assert len(said) == (1 if connection.vendor == "postgresql" else 2)
    assert texts == [(row.body.output, row.body.messages, row.output_hash) for row in made]
    stored = [list(row.passages.order_by("position")) for row in made]
    assert [[[getattr(p, name) for name in PASSAGE] for p in row] for row in shown] == [
        [[getattr(p, name) for name in PASSAGE] for p in row] for row in stored
    ]
