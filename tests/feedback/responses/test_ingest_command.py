"""`manage.py ingest`: files of JSONL and CSV."""

from __future__ import annotations

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from feedback.accounts.models import Project
from feedback.responses.models import IngestBatch, Response

ROW: dict[str, Any] = {"external_id": "r1", "prompt": "How long?", "output": "Thirty days."}


def run(path: Path, *options: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was said on stderr."""
    out, err = StringIO(), StringIO()
    try:
        call_command("ingest", str(path), "--project", "travel", *options, stdout=out, stderr=err, no_color=True)
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    return path


def test_it_takes_jsonl_and_names_refused_lines(project: Project, tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", json.dumps(ROW), "", '{"external_id": "r2", "prompt": "x"}', "{")
    code, out, err = run(path, "--json")
    assert (code, json.loads(out)) == (1, {"accepted": 1, "repeated": 0, "filled": 0, "refused": 2})
    assert "line 3 (r2): /output: A response needs its output" in err
    assert "line 4: Not valid JSON" in err
    batch = IngestBatch.objects.get()
    assert (batch.source, batch.name, batch.refused) == ("file", "r.jsonl", 2)


def test_a_good_file_ends_well_also_packed_and_again(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert run(path) == (0, "1 accepted, 0 repeated, 0 filled, 0 refused.\n", "")
    assert run(path)[1].startswith("0 accepted, 1 repeated")


CSV_FILE = (
    "id,question,answer,usage.input_tokens,usage.output_tokens,cost,consent,tags,prompt_version.name,prompt_version.version,"
    "metadata.shard,passages,parameters",
    'r1,"How\r\nlong?","Thirty ""calendar""\ndays, 🧑🏽‍🚀",12,3,0.5,true,"a, b",claims,v1,x7,'
    '"[{""text"": ""30 days"", ""score"": 1}]",',
    "r2,Why?,Because.,many,,,,,,,,,",
    "r3,Why?,Because.,,,,,,,,,{bad,",
    "",
    'r4,Why?,Because.,,,,,"[""c""]",,,,,"{""temperature"": 0.5}"',
)
MAP = ("--map", "external_id=id", "prompt=question", "output=answer")


def test_it_takes_csv_with_mapped_dotted_and_json_columns(project: Project, tmp_path: Path) -> None:
    code, out, err = run(written(tmp_path / "r.csv", *CSV_FILE), *MAP)
    assert (code, out) == (1, "2 accepted, 0 repeated, 0 filled, 2 refused.\n")
    assert "line 5 (r2): /usage/input_tokens: Expected int" in err
    assert "line 6: /passages: Not valid JSON" in err
    response = Response.objects.select_related("body").get(external_id="r1")
    assert response.body.messages == [{"role": "user", "content": "How\r\nlong?"}]
    assert response.body.output == 'Thirty "calendar"\ndays, 🧑🏽‍🚀'
    assert (response.input_tokens, str(response.cost), response.consent) == (12, "0.500000000", True)
    assert (response.tags, response.body.metadata) == (["a", "b"], {"shard": "x7"})
    assert str(response.prompt_version) == "claims v1"
    assert [(passage.text, passage.score) for passage in response.passages.all()] == [("30 days", 1.0)]
    other = Response.objects.select_related("body").get(external_id="r4")
    assert (other.tags, other.body.parameters) == (["c"], {"temperature": 0.5})


def test_csv_may_start_with_a_byte_order_mark_and_be_packed(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfexternal_id,prompt,output\r\nr1,a,b\r\n"))
    assert run(path)[0] == 0


@pytest.mark.parametrize(
    ("lines", "options", "sentence"),
    [
        (["id,answer", "1,x"], [], "column 'id' is no field"),
        (["id,answer"], ["--map", "output=reply"], "no column 'reply'"),
        (["output,output"], [], "Two columns are named 'output'"),
        (["prompt,output", 'a,"b'], [], "cannot be read as CSV"),
        (["a"], ["--map", "nonsense"], "pairs FIELD=COLUMN"),
        ([], [], "empty"),
    ],
)
def test_a_csv_that_cannot_be_read_is_explained(
    project: Project, tmp_path: Path, lines: list[str], options: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(written(tmp_path / "r.csv", *lines), *options)


def test_what_cannot_be_opened_is_a_sentence(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(tmp_path / "missing.jsonl")
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        run(tmp_path, "--format", "csv")
    with pytest.raises(CommandError, match="Say --format"):
        run(written(tmp_path / "rows.txt", "{}"))
    with pytest.raises(CommandError, match="breaks off after 0 rows"):
        run(written(tmp_path / "r.jsonl.gz", "not packed"))
    with pytest.raises(CommandError, match="cannot be read"):
        run(written(tmp_path / "r.csv.gz", "not packed"))
    with pytest.raises(CommandError, match="no project"):
        call_command("ingest", "x.csv", "--project", "elsewhere")
