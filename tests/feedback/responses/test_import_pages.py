"""Bringing a file of responses: the trial, the job, what is refused and corrected."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.prompts.models import PromptVersion
from feedback.responses import forms, ingest
from feedback.responses import upload as uploads
from feedback.responses.models import LanguageModel, Response, ResponseUpload
from tests import make

pytestmark = pytest.mark.once

URL = "/p/travel/responses/import/"


def packed(data: bytes) -> bytes:
    """Without a time in it: every process that collects the tests must find the same."""
    return gzip.compress(data, mtime=0)


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"external_id": f"n{number}", "prompt": f"Question {number}?", "output": f"Answer {number}.", **fields}


def lines(*rows: dict[str, Any] | str) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def brought(browser: Client, content: bytes, name: str = "rows.jsonl", **fields: str) -> ResponseUpload:
    answer = browser.post(URL, {"file": SimpleUploadedFile(name, content), **fields})
    assert answer.status_code == 303, answer.text
    upload = ResponseUpload.objects.latest("pk")
    assert answer["Location"] == f"{URL}{upload.pk}/"
    return upload


def started(browser: Client, upload: ResponseUpload) -> ResponseUpload:
    assert browser.post(f"{URL}{upload.pk}/start/").status_code == 303
    jobs.run(ResponseUpload, upload.pk)
    upload.refresh_from_db()
    return upload


def test_the_preview_shows_rows_as_they_would_be_stored_and_stores_nothing(
    browser: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    version = {"name": "claims", "version": "v9"}
    upload = brought(
        browser, lines(row(1, model="new-model", prompt_version=version), row(2, temperature=1), "no json")
    )
    with django_assert_max_num_queries(10):
        text = browser.get(f"{URL}{upload.pk}/").text
    for words in ("Question 1?", "Answer 1.", "new-model", "claims v9", "All 3 rows were tried out", "/temperature",
                  "move it into metadata", "Not valid JSON"):  # fmt: skip
        assert words in text, words
    assert not Response.objects.exists()
    assert not LanguageModel.objects.exists()
    assert not PromptVersion.objects.exists()


def test_starting_it_stores_the_good_rows_and_lists_the_others(browser: Client, curator: Member) -> None:
    upload = started(browser, brought(browser, lines(row(1), row(2, temperature=1), row(3), row(1))))
    assert (upload.state, upload.counts) == ("done", {"accepted": 2, "refused": 1, "repeated": 1})
    assert set(Response.objects.values_list("external_id", flat=True)) == {"n1", "n3"}
    assert upload.batch is not None
    assert (upload.batch.accepted, upload.batch.refused, upload.batch.source) == (2, 1, "file")
    assert upload.batch.finished_at
    text = browser.get(f"{URL}{upload.pk}/").text
    assert f"?batch={upload.batch_id}" in text
    assert "/temperature" in text
    assert AuditEvent.objects.get(verb="upload-started").actor == str(curator.key)


def test_the_file_goes_once_it_is_taken_in(browser: Client, django_capture_on_commit_callbacks: Any) -> None:
    upload = brought(browser, lines(row(1)))
    name = upload.file
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        upload = started(browser, upload)
    assert upload.file == ""
    assert not default_storage.exists(name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps([row(1), row(2)], indent=2).encode()),
        ("a.jsonl", b"\xef\xbb\xbf" + lines(row(1), "", row(2))),
        ("a.bin", packed(lines(row(1), row(2)))),
        ("a.json.gz", packed(json.dumps([row(1), row(2)]).encode())),
        ("a.csv", b"\xef\xbb\xbfexternal_id,prompt,output\r\nn1,Question 1?,Answer 1.\r\nn2,Question 2?,Answer 2.\r\n"),
        ("a.txt", packed(b"external_id,prompt,output\nn1,Question 1?,Answer 1.\nn2,Question 2?,Answer 2.\n")),
    ],
)  # fmt: skip
def test_the_content_tells_what_it_is(browser: Client, name: str, content: bytes) -> None:
    upload = started(browser, brought(browser, content, name))
    assert upload.counts == {"accepted": 2}, upload.error
    assert list(Response.objects.order_by("pk").values_list("body__output", flat=True)) == ["Answer 1.", "Answer 2."]


def test_one_object_may_be_spread_over_lines(browser: Client) -> None:
    assert started(browser, brought(browser, json.dumps(row(1), indent=2).encode())).counts == {"accepted": 1}


def test_columns_of_a_csv_file_are_named_after_a_look(browser: Client) -> None:
    upload = brought(browser, b"id,question,answer\nn1,Where?,There.\n", "odd.csv")
    page = browser.get(f"{URL}{upload.pk}/").text
    assert "is no field" in page
    assert "metadata.question=question" in page
    refused = browser.post(f"{URL}{upload.pk}/check/", {"columns": "nonsense"})
    assert refused.status_code == 422
    assert "nonsense</textarea>" in refused.text
    browser.post(f"{URL}{upload.pk}/check/", {"columns": "external_id=id\nprompt=question\noutput = answer"})
    assert "There." in browser.get(f"{URL}{upload.pk}/").text
    upload.refresh_from_db()
    assert started(browser, upload).counts == {"accepted": 1}


def test_a_pasted_text_can_be_corrected(browser: Client) -> None:
    answer = browser.post(URL, {"text": '{"external_id": "p1", "prompt": "Q?"}'})
    page = browser.get(answer["Location"]).text
    assert "Every one of the rows was refused" in page
    assert "{&quot;external_id&quot;: &quot;p1&quot;, &quot;prompt&quot;: &quot;Q?&quot;}</textarea>" in page
    assert browser.post(f"{answer['Location']}start/", follow=True).status_code == 200
    assert ResponseUpload.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", packed(lines(row(1)))[:-9], b"{", b"[1, 2", b"\x00\x01", b"\xff\xfea\x00,\xe9\n1,2\n",
     b"output,prompt,metadata.\xff,metadata.\x00\na,b,c,d\n"],
)  # fmt: skip
def test_what_cannot_be_read_is_explained_and_cannot_start(browser: Client, content: bytes) -> None:
    answer = browser.post(URL, {"file": SimpleUploadedFile("a", content)})
    if answer.status_code == 422:
        assert "empty" in answer.text
        return
    page = browser.get(answer["Location"])
    assert page.status_code == 200
    assert "nothing was stored" in page.text.lower()
    assert "/start/" not in page.text


@pytest.mark.parametrize("content", [b'{"id": "r-1", "prompt": "Q", "output": "A"}\n', b"id,prompt,output\nr-1,Q,A\n"])
def test_an_id_of_ones_own_is_told_its_name(browser: Client, content: bytes) -> None:
    answer = browser.post(URL, {"file": SimpleUploadedFile("a", content)})
    assert "external_id" in browser.get(answer["Location"]).text


def test_neither_or_both_or_too_much_is_refused(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.post(URL, {}).status_code == 422
    both = browser.post(URL, {"file": SimpleUploadedFile("a", b"{}"), "text": "typed {"})
    assert both.status_code == 422
    assert "typed {" in both.text
    monkeypatch.setattr(forms, "LARGEST", 10)
    assert browser.post(URL, {"file": SimpleUploadedFile("a", b"{}" * 20)}).status_code == 422


def test_a_long_file_is_taken_in_chunks_and_goes_on_where_it_stopped(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 4)
    upload = brought(browser, lines(*[row(number) for number in range(10)]))
    assert "The first 4 rows were tried out" in browser.get(f"{URL}{upload.pk}/").text
    browser.post(f"{URL}{upload.pk}/start/")
    jobs.run(ResponseUpload, upload.pk, seconds=0)
    upload.refresh_from_db()
    assert (upload.state, upload.done) == ("queued", 4)
    uploads.at_hand.clear()  # as in another process
    jobs.run(ResponseUpload, upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.done, upload.counts) == ("done", 10, {"accepted": 10})


def test_a_file_that_breaks_off_keeps_what_came_before(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 2)
    upload = started(browser, brought(browser, b"[" + b",".join(lines(row(n)) for n in range(4))))
    assert upload.state == "failed"
    assert "does not end" in upload.error
    assert Response.objects.count() == upload.counts["accepted"] == 3  # the last has no end
    assert "It stopped" in browser.get(f"{URL}{upload.pk}/").text


def test_a_running_one_is_polled_and_cannot_be_discarded(browser: Client) -> None:
    upload = brought(browser, lines(row(1)))
    browser.post(f"{URL}{upload.pk}/start/")
    part = browser.get(f"{URL}{upload.pk}/", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="upload"')
    assert 'hx-trigger="every 2s"' in part
    browser.post(f"{URL}{upload.pk}/discard/")
    assert ResponseUpload.objects.filter(pk=upload.pk).exists()


def test_discarding_and_a_day_of_waiting_delete_the_file(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = brought(browser, lines(row(1))), brought(browser, lines(row(2)))
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(f"{URL}{first.pk}/discard/")["Location"] == URL
    ResponseUpload.objects.update(created_at=timezone.now() - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        third = brought(browser, lines(row(3)))
    assert [upload.pk for upload in ResponseUpload.objects.all()] == [third.pk]
    assert [default_storage.exists(upload.file) for upload in (first, second, third)] == [False, False, True]


def test_the_refused_rows_are_a_file_without_formulas(browser: Client) -> None:
    upload = brought(browser, lines(row(1), row(2, external_id="=cmd()", temperature=1)))
    answer = browser.get(f"{URL}{upload.pk}/refused.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="refused-{upload.pk}.csv"'
    assert "2,'=cmd(),/temperature," in answer.text


def test_a_moderator_may_not_and_another_project_does_not_see_it(
    browser: Client, moderator: Member, outsider: Member
) -> None:
    upload = brought(browser, lines(row(1)))
    assert make.SignedIn(moderator).get(URL).status_code == 403
    theirs = make.SignedIn(outsider)
    for path in ("", "start/", "refused.csv"):
        assert theirs.get(f"/p/elsewhere/responses/import/{upload.pk}/{path}").status_code in {404, 405}
    assert theirs.post(f"/p/elsewhere/responses/import/{upload.pk}/start/").status_code == 404
    assert browser.get(f"{URL}{upload.pk}/start/").status_code == 405
