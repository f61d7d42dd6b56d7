"""What text is taken exactly and what is refused: the same through every door and on both databases (F24, F25)."""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.accounts.models import Project
from feedback.responses.ingest import ingest_rows
from feedback.responses.models import IngestBatch, Response, ResponseBody
from feedback.responses.reading import from_csv
from feedback.text.canonical import canonical_json
from feedback.text.hashes import sha256_text
from tests import make

URL = "/api/v1/responses/"

# What one row says about `metadata`, as JSON bytes -> the reason and pointer with which it is refused.
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "invalid UTF-8": (b'{"a": "\xff"}', "utf8", ""),
    "overlong UTF-8": (b'{"a": "\xc0\xaf"}', "utf8", ""),
    "encoded surrogate": (b'{"a": "\xed\xa0\x80"}', "utf8", ""),
    "NUL in a value": (b'{"a": ["x", "\\u0000"]}', "nul", "/metadata/a/1"),
    "NUL in a key": (b'{"a\\u0000": 1}', "nul", "/metadata"),
    "lone surrogate": (b'{"a": "\\ud800"}', "surrogate", "/metadata/a"),
    "NaN": (b'{"a": NaN}', "not-finite", "/metadata/a"),
    "infinity by size": (b'{"a": 1e999}', "not-finite", "/metadata/a"),
    "big integer": (b'{"a": 9007199254740993}', "integer-range", "/metadata/a"),
    "huge integer": (b'{"a": ' + b"9" * 5000 + b"}", "integer-range", "/metadata/a"),
    "duplicate key": (b'{"a": 1, "a": 2}', "duplicate-key", "/metadata/a"),
    "raw control character": (b'{"a": "\x01"}', "malformed", ""),
    "deep nesting": (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "too-deep", None),  # type: ignore[dict-item]
    "absurd nesting": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep", None),  # type: ignore[dict-item]
}
GOOD = b'{"external_id": "good", "prompt": "a", "output": "b"}'


def row(metadata: bytes) -> bytes:
    return b'{"external_id": "bad", "prompt": "a", "output": "b", "metadata": ' + metadata + b"}"


@pytest.fixture
def sender(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'ingest')}"})


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_alike_as_an_object_in_an_array_and_in_a_stream(sender: Client, case: str) -> None:
    metadata, reason, pointer = REFUSED[case]
    one = sender.post(URL, row(metadata), content_type="application/json")
    assert (one.status_code // 100, one.json()["code"]) == (4, reason)
    if pointer is not None:
        assert one.json()["pointer"] == pointer
    array = sender.post(URL, b"[" + GOOD + b"," + row(metadata) + b"," + GOOD + b"]", content_type="application/json")
    stream = sender.post(URL, GOOD + b"\n" + row(metadata) + b"\n" + GOOD, content_type="application/x-ndjson")
    assert [array.json()[key] for key in ("accepted", "repeated", "refused_total")] == [1, 1, 1]
    assert [stream.json()[key] for key in ("accepted", "repeated", "refused_total")] == [0, 2, 1]
    for answer in (array, stream):
        [refusal] = answer.json()["refused"]
        assert (refusal["index"], refusal["reason"], refusal["pointer"]) == (1, reason, one.json()["pointer"])
    assert Response.objects.get().external_id == "good"


@pytest.mark.parametrize("case", [case for case, (_, reason, _) in REFUSED.items()])
def test_it_is_refused_alike_in_a_csv_cell(project: Project, tmp_path: Path, case: str) -> None:
    metadata, reason, pointer = REFUSED[case]
    path = tmp_path / "r.csv"
    cell = b'"' + metadata.replace(b'"', b'""') + b'"'
    path.write_bytes(b"external_id,prompt,output,metadata\ngood,a,b,\nbad,a,b," + cell + b"\n")
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        good, bad = from_csv(file, {})
    assert good.error is None
    assert bad.error is not None
    assert bad.error.code == reason
    assert bad.error.pointer == (pointer or "/metadata") or pointer is None


@pytest.mark.parametrize(("cell", "reason"), [(b"\xff", "utf8"), (b"a\0b", "nul")])
def test_a_csv_text_cell_is_judged_too(project: Project, tmp_path: Path, cell: bytes, reason: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"prompt,output\na," + cell + b"\n")
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        [row] = from_csv(file, {})
    assert row.error is not None
    assert (row.error.code, row.error.pointer) == (reason, "/output")


ODD = [
    "🧑🏽‍🚀 and 👩‍👩‍👧", "e\u0301 is not \u00e9", "a\r\nb\rc\n", "\u202eright to left\u202c", "𝔸𝕓",
    "line\u2028para\u2029",
    "  leading and trailing \t ", "\ufeffmark", "\x01\x1f\x7f\x85", "\\N \\. \\t", "", "'; DROP TABLE x; --",
    "\ufffe\uffff",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_text_is_kept_exactly_through_every_door(project: Project, sender: Client, tmp_path: Path, text: str) -> None:
    body = {"prompt": text, "output": text, "metadata": {text: [text]}, "passages": [{"text": text or "x"}]}
    assert sender.post(URL, {"external_id": "one", **body}, content_type="application/json").status_code == 201
    escaped, raw = (json.dumps({"external_id": str(ascii), **body}, ensure_ascii=ascii) for ascii in (True, False))
    sender.post(URL, f"{escaped}\n{raw}".encode(), content_type="application/x-ndjson")
    if text:
        buffer = io.StringIO(newline="")
        cells = ["csv", text, text, json.dumps(body["metadata"]), json.dumps(body["passages"])]
        csv.writer(buffer).writerows([["external_id", "prompt", "output", "metadata", "passages"], cells])
        (tmp_path / "r.csv").write_bytes(buffer.getvalue().encode())
        call_command("ingest", str(tmp_path / "r.csv"), "--project", project.slug, stdout=io.StringIO())
    rows = Response.objects.select_related("body").prefetch_related("passages")
    assert len(rows) == (4 if text else 3)
    for response in rows:
        assert response.body.output == response.body.messages[0]["content"] == text
        assert response.body.metadata == {text: [text]}
        assert response.output_hash == sha256_text(text)
        assert [passage.text for passage in response.passages.all()] == [text or "x"]
    assert len({(response.body_hash, response.prompt_hash, response.input_hash) for response in rows}) == 1


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(output=texts, metadata=st.dictionaries(texts, values, max_size=3), external_id=texts.filter(str.strip))
def test_any_canonical_row_comes_back_as_it_was(
    project: Project, output: str, metadata: dict[str, Any], external_id: str
) -> None:
    Response.objects.all().delete()
    name = external_id[:200] if external_id[:200].strip() else "blank"
    row = {"external_id": name, "prompt": output, "output": output, "metadata": metadata}
    result = ingest_rows(project, [row, row], batch=IngestBatch.objects.create(project=project, source="file"))
    assert (result.accepted, result.repeated) == (1, 1)
    response = Response.objects.select_related("body").get()
    assert (response.external_id, response.body.output) == (name, output)
    assert canonical_json(response.body.metadata) == canonical_json(metadata)
    assert response.body.messages == [{"role": "user", "content": output}]


@pytest.mark.django_db(transaction=True)
def test_a_connection_cut_anywhere_leaves_nothing_doubled(live_server: Any) -> None:
    project = make.project("travel")
    key = make.api_key(project, "ingest")
    rows = b"\n".join(b'{"external_id": "%d", "prompt": "a", "output": "%d"}' % (n, n) for n in range(20))
    host, port = live_server.thread.host, live_server.thread.port

    def send(length: int) -> bytes:
        head = (
            f"POST {URL} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(rows)}\r\n\r\n"
        )
        with socket.create_connection((host, port)) as wire:
            wire.sendall(head.encode() + rows[:length])
            wire.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: wire.recv(65536), b""))

    for length in range(0, len(rows), 97):
        assert b" 400 " in send(length).split(b"\r\n")[0]
        assert Response.objects.count() == ResponseBody.objects.count() <= rows[:length].count(b"\n")
    assert b" 200 " in send(len(rows)).split(b"\r\n")[0]
    assert Response.objects.count() == 20
    assert {body.output for body in ResponseBody.objects.all()} == {str(n) for n in range(20)}
    assert threading.active_count() < 50


def test_a_csv_with_a_cell_beyond_the_limit_breaks_off(project: Project, tmp_path: Path, settings: Any) -> None:
    settings.INGEST_MAX_ROW_BYTES = 100
    (tmp_path / "r.csv").write_text("prompt,output\na,b\na," + "x" * 200 + "\n")
    with pytest.raises(CommandError, match="breaks off after 1 rows"):
        call_command("ingest", str(tmp_path / "r.csv"), "--project", project.slug, stdout=io.StringIO())
    assert Response.objects.count() == 1
