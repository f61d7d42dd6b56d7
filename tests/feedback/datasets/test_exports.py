"""Files from frozen rows: whole or not there at all, the same bytes whenever they are written."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports, writing
from feedback.datasets.models import DatasetVersion, Export
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


def made(version: DatasetVersion, shape: str = "preference", split: str = "") -> Export:
    export = exports.request(version, shape, split)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert export.state == "done", export.error
    return export


def content(export: Export) -> bytes:
    with default_storage.open(export.file) as file:
        data: bytes = file.read()
    return data


def records(export: Export) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content(export).split(b"\n")[:-1]]


@pytest.fixture
def version(compared: Compared, built: Built) -> DatasetVersion:
    for votes in ("AAA", "AAB", "BBB", "AAA", "AAB", "BBB", "TT"):
        compared(votes)
    return built()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 2)


def test_every_pair_is_a_line(version: DatasetVersion) -> None:
    export = made(version)
    rows = records(export)
    assert [row["pair_id"] for row in rows] == list(
        version.pairs.order_by("position").values_list("pair_id", flat=True)
    )
    assert list(rows[0])[:3] == ["prompt", "chosen", "rejected"]
    assert rows[0]["chosen"][0] == {"role": "assistant", "content": rows[0]["chosen"][0]["content"]}
    assert json.loads(rows[0]["metadata"])["queue"] == "helpdesk"
    reserved = {"margin", "label", "labels", "text", "messages", "completion", "images", "tools"}
    assert not reserved & set(rows[0])


def test_the_manifest_tells_of_the_file(version: DatasetVersion) -> None:
    export = made(version)
    data = content(export)
    assert export.manifest["sha256"] == export.sha256 == hashlib.sha256(data).hexdigest()
    assert export.manifest["bytes"] == export.n_bytes == len(data)
    assert export.manifest["rows"] == export.n_rows == 6
    assert export.manifest["counts"] == version.counts
    assert export.manifest["schema"] == "touchstone.preference/1"


def test_one_split_alone(version: DatasetVersion) -> None:
    split = version.pairs.values_list("split", flat=True)[0]
    rows = records(made(version, split=split))
    assert len(rows) == version.pairs.filter(split=split).count()
    assert {row["split"] for row in rows} == {split}


@pytest.mark.usefixtures("small_chunks")
def test_writing_again_gives_the_same_bytes(version: DatasetVersion) -> None:
    for shape in Export.Shape.values:
        export = made(version, shape)
        assert b"".join(exports.rewritten(export)) == content(export)


def test_a_version_built_again_exports_the_same_bytes(version: DatasetVersion, built: Built) -> None:
    assert made(version).sha256 == made(built()).sha256


def stopped(version: DatasetVersion, chunks: int, shape: str = "preference") -> Export:
    """An export whose worker wrote some chunks and was never heard of again."""
    export = exports.request(version, shape)
    attempt = jobs.claim(Export, export.pk)
    assert attempt
    for _ in range(chunks):
        assert jobs.run_chunk(Export, export.pk, attempt)
    Export.objects.filter(pk=export.pk).update(lease_until=Now() - timedelta(seconds=1))
    export.refresh_from_db()
    return export


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("chunks", [2, 3, 4])  # in the middle, before its end is known, and whole
@pytest.mark.parametrize("harm", ["none", "longer", "gone", "shorter"])
def test_an_export_that_was_abandoned_ends_the_same(
    version: DatasetVersion, built: Built, harm: str, chunks: int
) -> None:
    whole, export = made(built()), stopped(version, chunks)
    path = exports.partial(export)
    assert path.stat().st_size == export.cursor["bytes"] > 0
    if harm == "longer":  # killed between the write and the commit
        path.write_bytes(path.read_bytes() + b'{"half": ')
    elif harm == "shorter":
        path.write_bytes(path.read_bytes()[:-5])
    elif harm == "gone":  # another machine goes on
        path.unlink()
    assert not export.file
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert (export.state, export.attempt, export.error) == ("done", 2, "")
    assert (export.sha256, export.n_rows) == (whole.sha256, 6)
    assert content(export) == content(whole)


def test_a_file_is_hashed_under_its_own_lease(version: DatasetVersion) -> None:
    """Hashing may take longer than a lease, and another worker must not take over what is well in hand."""
    export = stopped(version, 1)
    assert export.cursor["is_written"]
    assert exports.prepare(export)
    assert jobs.claim(Export, export.pk) is None


def test_a_half_copied_file_is_replaced(version: DatasetVersion) -> None:
    export = made(version)
    data = content(export)
    default_storage.delete(export.file)
    default_storage.save(export.file, ContentFile(data[:100]))
    Export.objects.filter(pk=export.pk).update(state="queued", cursor={})
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert content(export) == data


@pytest.mark.django_db(transaction=True)
def test_no_partial_file_is_left(version: DatasetVersion) -> None:
    export = made(version)
    assert default_storage.exists(export.file)
    assert not exports.partial(export).exists()
    other = exports.request(version, "votes")
    attempt = jobs.claim(Export, other.pk)
    assert attempt
    exports.partial(other).write_bytes(b"half")
    other.cancel()
    assert not exports.partial(other).exists()


def test_asking_twice_makes_one_file(version: DatasetVersion) -> None:
    assert exports.request(version, "preference") == made(version)
    assert exports.request(version, "preference").state == "done"
    assert version.exports.count() == 1


def test_a_failed_or_lost_export_can_be_asked_for_again(version: DatasetVersion) -> None:
    export = made(version)
    default_storage.delete(export.file)
    assert made(version).sha256 == export.sha256
    Export.objects.filter(pk=export.pk).update(state="failed", error="Broken.")
    again = made(version)
    assert (again.pk, again.error, again.attempt) == (export.pk, "", 3)


def test_no_file_of_an_incomplete_version(version: DatasetVersion) -> None:
    begun = version.dataset.build()
    export = exports.request(begun, "preference")
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert (export.state, export.file) == ("failed", "")


def test_an_empty_version_is_an_empty_file(built: Built) -> None:
    export = made(built())
    assert (content(export), export.n_rows) == (b"", 0)


def test_no_character_ends_a_line_early(compared: Compared, built: Built) -> None:
    compared("AAA", texts=("One\u2028two\u2029three\x85four\r\nfive 🙂", "No."))
    data = content(made(built()))
    assert len(data.decode().splitlines()) == 1
    assert json.loads(data)["chosen"][0]["content"] == "One\u2028two\u2029three\x85four\r\nfive 🙂"


TOOL = {"type": "function", "function": {"name": "light", "parameters": {"type": "object", "properties": {}}}}


def test_tools_are_text_and_arguments_are_objects(project: Project, compared: Compared, built: Built) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "light", "arguments": '{"on": true}'}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Lights on"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]
    compared("AAA", messages=messages, body={"tools": [TOOL]})
    compared("AAA")
    rows = sorted(records(made(built())), key=lambda row: len(row["prompt"]))
    assert rows[0]["tools"] is None
    assert json.loads(rows[1]["tools"]) == [TOOL]
    assert rows[1]["prompt"][0] == {"role": "system", "content": "Be brief."}
    assert rows[1]["prompt"][2]["tool_calls"][0]["function"]["arguments"] == {"on": True}


def test_the_first_lines_show_every_kind_of_row(
    project: Project, compared: Compared, rated: Rated, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(9):
        compared("AAA", pair=[make.response(project, text, question=f"Q {n}?") for text in ("Yes.", "No.")])
    asked = [{"role": "user", "content": "On", "name": "Ann"}]
    compared("AAA", messages=asked, body={"tools": [TOOL]})
    version = built()
    pair = version.pairs.exclude(tools=[]).get()
    assert version.cursor["leading"][pair.split]["tools"] == pair.position
    positions = {row.pair_id: row.position for row in version.pairs.all()}
    written = [positions[row["pair_id"]] for row in records(made(version))]
    assert pair.position in written[:4]
    assert sorted(written) == list(range(10))
    whole = b"".join(exports.rewritten(version.exports.get()))
    monkeypatch.setattr(writing, "CHUNK", 1)
    assert b"".join(exports.rewritten(version.exports.get())) == whole
    alone = records(made(version, split=pair.split))
    assert len(alone) == version.pairs.filter(split=pair.split).count()


def test_raw_votes_are_as_cast(compared: Compared, built: Built, reviewers: list[Any]) -> None:
    verdict = compared("ABT")
    first, second = [part.response.external_id for part in verdict.subject.parts.order_by("position")]
    row = records(made(built(), "votes"))[0]
    assert [vote["choice"] for vote in row["votes"]] == [first, second, "tie"]
    assert [vote["annotator"] for vote in row["votes"]] == [member.pseudonym for member in reviewers[:3]]
    assert row["votes"][0]["shown_order"] == [second, first]
    assert [response["content"] for response in row["responses"]] == ["Yes, within 30 days.", "No idea."]
    assert (row["outcome"], row["preferred"], row["queue"]) == (None, None, "helpdesk")


def flagged(project: Project, rated: Rated, reviewers: list[Any], n: int) -> None:
    """A failed case with a flag and a correction, and a case that passed."""
    text = "You have 90 days."
    version = make.prompt_version(project)
    bad = make.response(project, text, question=f"{n}?", passages=["Claims within 30 days."], prompt_version=version)
    passage = bad.passages.get()
    mark = {
        "response": bad.pk, "start": 9, "end": 11, "quote": "90", "kind": "contradicted", "severity": "major",
        "note": "It is 30.", "evidence": {"passage": passage.pk, "start": 14, "end": 21, "quote": "30 days"},
    }  # fmt: skip
    rated(bad, 2, 2, flags=[mark], rewrite={"response": bad.pk, "text": f"You have 30 days. ({n})"})
    rated(make.response(project, "Yes.", question=f"Other {n}?", prompt_version=version), 5, 5)


@pytest.mark.usefixtures("partly_sealed")
def test_the_revision_file_tells_what_failed_and_what_must_stay(
    project: Project, rated: Rated, built: Built, reviewers: list[Any]
) -> None:
    for n in range(6):
        flagged(project, rated, reviewers, n)
    version = built()
    rows = records(made(version, "revision"))
    test_cases = version.rows.filter(kind="case", data__split="test").count()
    assert test_cases > 0
    assert len(rows) == 12 - test_cases
    assert {row["split"] for row in rows} <= {"train", "validation"}
    failed = next(row for row in rows if row["outcome"] == "failed")
    assert (failed["prompt"], failed["prompt_version"]) == ("answer", "v1")
    assert failed["spans"][0]["quote"] == "90"
    assert failed["spans"][0]["evidence"]["quote"] == "30 days"
    assert failed["corrections"][0]["text"].startswith("You have 30 days.")
    assert failed["passages"][0]["text"] == "Claims within 30 days."
    assert any(row["outcome"] == "passed" for row in rows)


def test_promptfoo_tests_ask_for_what_reviewers_said(
    project: Project, rated: Rated, built: Built, reviewers: list[Any]
) -> None:
    for n in range(6):
        flagged(project, rated, reviewers, n)
    rows = records(made(built(), "promptfoo"))
    failed = next(row for row in rows if row["metadata"]["outcome"] == "failed")
    asked = failed["assert"][0]["value"]
    assert failed["assert"][0]["type"] == "llm-rubric"
    for words in ("“90” (contradicted)", "It is 30.", "“30 days”", "You have 30 days."):
        assert words in asked
    assert failed["vars"]["messages"][0]["role"] == "user"


@pytest.mark.usefixtures("partly_sealed")
def test_a_case_between_two_splits_stays_out_of_the_revision_file(project: Project, rated: Rated, built: Built) -> None:
    for n in range(20):
        rated(make.response(project, f"{n}", conversation_id=f"c-{n}", question=f"Q {n}?"), 2)
    version = built()
    found = dict(version.dataset.group_splits.filter(kind="conversation").values_list("group", "split"))
    test = next(name for name in found if found[name] == "test")
    train = next(name for name in found if found[name] == "train")
    question = make.response(project, "x", conversation_id=train, question="Seen in training?")
    rated(question, 2)
    built()
    rated(make.response(project, "y", conversation_id=test, question="Seen in training?"), 2)
    outputs = [row["output"] for row in records(made(built(), "revision"))]
    assert "x" in outputs
    assert "y" not in outputs


def test_votes_belong_to_no_split_and_their_file_never_claims_one(version: DatasetVersion) -> None:
    export = made(version, "votes", "train")
    assert (export.split, export.manifest["split"]) == ("", "all but test")
    assert export == made(version, "votes")
