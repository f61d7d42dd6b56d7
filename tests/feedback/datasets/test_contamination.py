"""A benchmark against what is trained on: the same and nearly the same texts, told by line, and nothing of it kept."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import contamination
from feedback.datasets.contamination import Benchmark, Unreadable, hits, rows, texts_of
from feedback.datasets.models import ContaminationCheck, Dataset, DatasetVersion
from feedback.text.likeness import SAME, likeness, shingles
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

pytestmark = pytest.mark.once

WORDS = [f"word{n}" for n in range(300)]


def text(seed: int, words: int = 80) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def changed(whole: str, at: int = 40) -> str:
    words = whole.split()
    return " ".join([*words[:at], "another", *words[at + 1 :]])


@pytest.fixture
def version(project: Project, compared: Compared, rated: Rated, built: Built, dataset: Dataset) -> DatasetVersion:
    """Two training pairs and a case: questions 1 and 2, an answer 3, and a case with question 4."""
    dataset.shares = {"train": 1.0}
    for n, answer in ((1, "Yes, you can do so."), (2, text(3))):
        compared("AAA", pair=tuple(make.response(project, a, question=text(n)) for a in (answer, "No idea at all.")))
    rated(make.response(project, "An answer of its own.", question=text(4)), 2)
    return built(corrections=False)


def found(version: DatasetVersion, name: str, data: str) -> set[tuple[str, str, str, int]]:
    benchmark = Benchmark.read(texts_of(name, data.encode()))
    benchmark = Benchmark.from_json(json.loads(json.dumps(benchmark.as_json())))
    return {
        (row.kind, part, hit.kind, hit.line)
        for kind in ("pair", "case")
        for row in rows(version, kind, -1, 100)
        for part, hit in hits(row, benchmark)
    }


def test_it_finds_the_same_and_nearly_the_same(version: DatasetVersion) -> None:
    lines = [
        json.dumps({"question": text(9), "answer": "Yes"}),
        json.dumps({"question": text(1).upper(), "choices": ["No idea at all.", "Maybe"]}),
        "",
        json.dumps({"messages": [{"role": "user", "content": changed(text(2))}], "gold": changed(text(3), 10)}),
        json.dumps(changed(text(4), 79)),
    ]
    assert found(version, "bench.jsonl", "\n".join(lines)) == {
        ("pair", "prompt", "exact", 2),
        ("pair", "rejected", "exact", 2),
        ("pair", "prompt", "near", 4),
        ("pair", "chosen", "near", 4),
        ("case", "prompt", "near", 5),
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("b.csv", f'id,question\n1,"{text(8)}"\n2,"{text(1)}"\n'),
        ("b.txt", f"{text(8)}\n\n{text(1)}\n"),
        ("b.json", json.dumps([{"q": text(8)}, {}, {"q": [text(1)]}])),
    ],
)
def test_it_reads_tables_texts_and_lists(version: DatasetVersion, name: str, data: str) -> None:
    assert found(version, name, data) == {("pair", "prompt", "exact", 3)}


def test_short_words_and_other_splits_are_no_hit(version: DatasetVersion, built: Built, dataset: Dataset) -> None:
    assert found(version, "b.txt", "No.\nYes, you\n") == set()
    other = Dataset.objects.create(project=dataset.project, key="t", name="T", shares={"test": 1.0})
    assert found(built(of=other), "b.txt", text(1)) == set()


@pytest.mark.parametrize(("name", "data"), [("b.jsonl", b'{"a": 1}\n{'), ("b.json", b"["), ("b.txt", b"\xff\xfe\x00")])
def test_what_cannot_be_read_is_said(name: str, data: bytes) -> None:
    with pytest.raises(Unreadable):
        list(texts_of(name, data))


@given(st.integers(0, 50), st.lists(st.integers(0, 79), max_size=6), st.integers(30, 80))
def test_no_near_text_is_missed(seed: int, places: list[int], length: int) -> None:
    whole = text(seed, length)
    other = whole
    for at in places:
        other = changed(other, at % length)
    benchmark = Benchmark.read([(1, text(99)), (7, whole)])
    hit = benchmark.hit(other)
    like = likeness(shingles(whole), shingles(other))
    if whole == other:
        assert hit == ("exact", 1.0, 7)
    elif like >= SAME:
        assert hit == ("near", round(like, 4), 7)
    else:
        assert hit is None


def test_operators_get_a_line_a_hit(version: DatasetVersion, project: Project, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "bench.txt").write_text(f"{text(1)}\n")
    with pytest.raises(SystemExit):
        call_command("contamination", "answers", tmp_path / "bench.txt", project=project.slug)
    out, told = capsys.readouterr()
    pair = version.pairs.get(prompt__0__content=text(1))
    assert json.loads(out) == {
        "row": "pair", "id": pair.pair_id, "part": "prompt", "kind": "exact", "likeness": 1.0, "line": 1,
    }  # fmt: skip
    assert "1 training rows stand in bench.txt" in told
    (tmp_path / "bench.txt").write_text("Nothing of ours stands here.\n")
    call_command("contamination", "answers", tmp_path / "bench.txt", project=project.slug, number=version.number)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("contamination", "answers", tmp_path / "none.txt", project=project.slug)


def at(version: DatasetVersion) -> str:
    return version.get_absolute_url() + "contamination/"


def test_a_person_compares_a_benchmark_and_downloads_what_was_found(
    curator: Member, version: DatasetVersion, project: Project
) -> None:
    browser = make.SignedIn(curator)
    assert "No benchmark yet" in browser.get(at(version)).text
    file = SimpleUploadedFile("bench.jsonl", json.dumps({"q": text(1), "a": "No"}).encode())
    response = browser.post(at(version), {"file": file})
    check = ContaminationCheck.objects.get()
    assert (response.status_code, response["Location"]) == (303, check.get_absolute_url())
    assert "Waiting for a worker" in browser.get(response["Location"]).text
    jobs.run(ContaminationCheck, check.pk)
    shown = browser.get(response["Location"]).text
    assert "the same words" in shown
    (line,) = b"".join(browser.get(f"{response['Location']}?format=jsonl")).splitlines()
    assert json.loads(line)["line"] == 1
    check.refresh_from_db()
    assert (check.state, check.benchmark, check.n_texts, check.n_short, check.done) == ("done", {}, 1, 1, 3)
    assert "bench.jsonl" in browser.get(at(version)).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Choose a file"),
        ({"text": "short"}, "no text of 3 words"),
        ({"file": SimpleUploadedFile("b.json", b"{")}, "is no JSON"),
    ],
)
def test_what_cannot_be_compared_is_said(
    curator: Member, version: DatasetVersion, given: dict[str, Any], words: str
) -> None:
    response = make.SignedIn(curator).post(at(version), given)
    assert response.status_code == 422
    assert words in response.text
    assert not ContaminationCheck.objects.exists()


def test_some_rows_at_a_time(version: DatasetVersion, curator: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contamination, "STEP", 1)
    check = contamination.begin(version, "b.txt", f"{text(1)}\n{text(4)}\n".encode(), by=curator)
    jobs.run(ContaminationCheck, check.pk)
    assert sorted(check.hits.values_list("row", "line")) == [("case", 2), ("pair", 1)]


def test_another_projects_check_is_not_there(version: DatasetVersion, curator: Member, outsider: Member) -> None:
    check = contamination.begin(version, "b.txt", text(1).encode(), by=curator)
    assert make.SignedIn(outsider).get(check.get_absolute_url()).status_code == 404
