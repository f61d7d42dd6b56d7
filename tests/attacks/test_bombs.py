"""Small requests that would cost much: JSON, gzip, forms, patterns and Markdown built to. Each is refused or cheap.

What could be slow is not timed but bounded: it runs in a process with a limit on its processor time.
"""

from __future__ import annotations

import gzip
import io
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member
from feedback.permissions import SCOPES
from tests import make
from tests.addresses import APIS, address
from tests.attacks.patterns import LONGEST
from tests.attacks.test_borrowed_ids import forms_of_project

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60  # of processor time: a hundred times what the honest work takes
JSON_BOMBS = [
    b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b"1" * 5_000, b'{"a": 1e999}', b'{"a": NaN}',
    b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b'{"a\\u0000": 1}', b"\xff\xfe[\x00", b'"' + b"\\u0041" * 200_000 + b'"',
    b"-",    b'{"__proto__": {"is_staff": true}, "constructor": 1}',
]  # fmt: skip


def limited(*words: str) -> subprocess.CompletedProcess[str]:
    """A process that is killed when it has used up its processor time."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limit, check=False)


def test_no_pattern_is_kept_busy_by_a_text() -> None:
    done = limited("tests/attacks/patterns.py")
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-500:])
    assert len(done.stdout.splitlines()) > 300


SLOW_TEXTS = {
    "words of a link": f"[{'a' * LONGEST}](https://example.org)",
    "labels of a link": f"[{'a.' * (LONGEST // 2)}](https://example.org)",
    "open links": "[a](" * (LONGEST // 4),
    "open images": "![" * (LONGEST // 2),
    "quotes": ">" * 2_000 + "a",
    "lists": "".join(f"{' ' * depth}- a\n" for depth in range(300)),
    "emphasis": "*a _" * (LONGEST // 4),
    "backticks": "".join("`" * n + "a" for n in range(1, 340)),
    "entities": "&#x" * (LONGEST // 3),
    "references": "".join(f"[r{n}]: https://example.org/{n}\n" for n in range(1_500)) + "[r1]" * 1_000,
    "angles": "<a" * (LONGEST // 2),
    "hidden characters": "\u200d\u202e" * (LONGEST // 2),
}


def test_no_markdown_keeps_the_renderer_busy() -> None:
    """All of them in one process that has its limit; each alone is far below it."""
    script = "\n".join([
        "import os, sys; sys.path.insert(0, '.'); os.environ['DJANGO_SETTINGS_MODULE'] = 'feedback.settings'",
        "import importlib.util, django; django.setup()",
        "from feedback.text.render import render_markdown",
        "import ast; texts = ast.literal_eval(sys.stdin.read())",
        "for name, text in texts.items():\n    print(name, flush=True); render_markdown(text)",
    ])  # fmt: skip

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, input=repr(SLOW_TEXTS), capture_output=True, text=True, preexec_fn=limit, check=False
    )
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-500:])
    assert done.stdout.splitlines() == list(SLOW_TEXTS)


@pytest.mark.parametrize("route", [route for route in APIS if "-list" in route or "assignment" in route])
def test_no_body_breaks_the_api(route: str, admin: Member) -> None:
    secret = make.api_key(admin.project, *SCOPES, member=admin)
    browser = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
    path, found = address(route, admin.project, admin), []
    for body in JSON_BOMBS:
        for method in ("POST", "PUT"):
            for kind in ("application/json", "application/x-ndjson"):
                answer = browser.generic(method, path, body, kind)
                found += [(method, kind, body[:20], answer.status_code)] if answer.status_code >= 500 else []
                if b"1e999" in body or b"NaN" in body:
                    assert not admin.project.responses.filter(body__metadata__isnull=True).exists()
    assert found == []


def test_no_field_of_a_form_breaks_on_json_or_length(admin: Member) -> None:
    """Some fields hold JSON (marks, rubrics, rows); which ones the test need not know."""
    browser, found = make.SignedIn(admin, raise_request_exception=False), []
    for action, form in forms_of_project(browser, admin.project, admin).items():
        typed = [name for name, one in form.fields.items() if one.type in {"text", "textarea", "hidden", "number"}]
        names = [name for name in typed if "csrf" not in name][:60]
        for bomb in ("[" * 100_000, '{"a":' * 50_000, "9" * 5_000, "\0", "1e999", '[{"start": 1e30}]'):
            answer = browser.post(action, {**form.data(), **dict.fromkeys(names, bomb)})
            found += [(action, bomb[:9])] if answer.status_code >= 500 else []
    assert found == []


def test_a_form_of_endless_fields_is_refused(admin: Member) -> None:
    browser = make.SignedIn(admin)
    endless = {f"q{number}-kind": "text" for number in range(6_000)}
    rubric = make.rubric_version(admin.project).rubric_id
    assert browser.post(f"/p/travel/rubrics/{rubric}/edit/", {**endless, "questions": "6000"}).status_code == 400
    assert browser.post("/p/travel/settings/", {"name": "a" * 5_000_000}).status_code == 400


def bomb(megabytes: int) -> bytes:
    """As many zeros, packed a thousandfold."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"0" * 2**20
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


class Watched(io.BytesIO):
    """Says how much of it was read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.n_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.n_read += len(data)
        return data


def test_a_packed_body_is_refused_by_what_it_becomes(admin: Member, settings: Settings) -> None:
    secret = make.api_key(admin.project, *SCOPES, member=admin)
    body = bomb(64)
    for kind in ("application/json", "application/x-ndjson"):
        headers = {"Authorization": f"Bearer {secret}", "Content-Encoding": "gzip"}
        answer = Client().generic("POST", "/api/v1/responses/", body, kind, headers=headers)
        assert answer.status_code in {400, 413}, answer.content
        twice = Client().generic("POST", "/api/v1/responses/", gzip.compress(body), kind, headers=headers)
        assert twice.status_code in {200, 400, 413}  # unpacked once: what is inside is no JSON
        assert twice.status_code != 200 or twice.json()["accepted"] == 0
    for encoding in ("deflate", "br", "zstd", "gzip, gzip", "compress"):
        headers = {"Authorization": f"Bearer {secret}", "Content-Encoding": encoding}
        answer = Client().generic("POST", "/api/v1/responses/", body, "application/json", headers=headers)
        assert answer.status_code == 415, encoding
    assert admin.project.responses.count() == 0


@pytest.mark.parametrize("path", ["/p/travel/responses/import/", "/p/travel/imports/labels/"])
def test_a_packed_file_is_refused_by_what_it_becomes(path: str, admin: Member) -> None:
    browser = make.SignedIn(admin)
    for content in (bomb(64), gzip.compress(bomb(16)), b"PK\x03\x04" + b"\0" * 5000, b"\x1f\x8b" + b"\0" * 50):
        answer = browser.post(path, {"file": SimpleUploadedFile("rows.jsonl.gz", content)}, follow=True)
        assert answer.status_code in {200, 422}
        assert b"start/" not in answer.content  # there is nothing to begin with
    assert admin.project.responses.count() == 0
