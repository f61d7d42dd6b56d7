"""What each shape writes, held to the records of docs/reference/shapes.md, which are written by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports, writing
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.datasets.sealed import LEARNT_FROM
from feedback.datasets.shapes.provenance import SILENT
from feedback.datasets.shapes.turns import LEFT_OUT
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated
from tests.feedback.datasets.test_exports import made, records, stopped

pytestmark = pytest.mark.once

DOCS = (Path(__file__).resolve().parents[3] / "docs/reference/shapes.md").read_text()
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Reset it?"}


@pytest.fixture
def training(dataset: Dataset) -> Dataset:
    """All in one split, for what is not about splits."""
    dataset.shares = {"train": 1.0, "validation": 0.0, "test": 0.0}
    return dataset


@pytest.fixture
def documented(project: Project, compared: Compared, rated: Rated, training: Dataset, built: Built) -> DatasetVersion:
    """One comparison and one judged answer."""
    compared("AAB", messages=[SYSTEM, USER], texts=("Hold 5 s.", "No idea."))
    asked: dict[str, Any] = {"question": "How long?", "passages": ["Hold it for 5 s."], "external_id": "a-1"}
    bad = make.response(project, "Hold 🙂 90 s.", prompt_version=make.prompt_version(project), **asked)
    mark = {
        "response": bad.pk, "start": 7, "end": 9, "quote": "90", "kind": "contradicted", "severity": "major",
        "note": "It is 5.", "evidence": {"passage": bad.passages.get().pk, "start": 12, "end": 15, "quote": "5 s"},
    }  # fmt: skip
    rated(bad, 2, 3, flags=[mark], rewrite={"response": bad.pk, "text": "Hold 5 s."})
    return built(corrections=False)


def sample(shape: str) -> dict[str, Any]:
    """The record under the shape's heading."""
    section = re.search(rf"^## `{shape}`$(.*?)(?=^## |\Z)", DOCS, re.M | re.S)
    assert section, f"docs/reference/shapes.md has no section about {shape}"
    found: dict[str, Any] = json.loads("".join(re.findall(r"^    (.*)$", section[1], re.M)))
    return found


def assert_like(found: Any, told: Any) -> None:
    """Equal, in the same order of keys; `…` is anything."""
    if told == "…":
        return
    if isinstance(told, dict):
        assert list(found) == list(told)
        for key in told:
            assert_like(found[key], told[key])
    elif isinstance(told, list):
        assert len(found) == len(told)
        for mine, theirs in zip(found, told, strict=True):
            assert_like(mine, theirs)
    else:
        assert (type(found), found) == (type(told), told)


@pytest.mark.parametrize("shape", Export.Shape.values)
def test_the_documented_record_is_what_is_written(
    documented: DatasetVersion, compared: Compared, built: Built, shape: str
) -> None:
    if shape == Export.Shape.HELD_OUT:
        other = Dataset.objects.create(project=documented.project, key="h", name="H", shares={"test": 1.0})
        documented = built(of=other, corrections=False)
    export = made(documented, shape)
    found = records(export)
    assert len(found) == 1
    assert_like(found[0], sample(shape))
    assert export.manifest["left_out"] == {}


SIDE = {"openai_sft": "sft", **dict.fromkeys(SILENT, "provenance")}  # the file whose rows run beside it
LEARNT = sorted(LEARNT_FROM - {Export.Shape.REVISION, Export.Shape.DSPY})


@pytest.mark.parametrize("shape", LEARNT)
def test_what_fewer_said_is_in_every_file_to_learn_from(documented: DatasetVersion, shape: str) -> None:
    (row,) = records(made(documented, SIDE.get(shape, shape)))
    if "votes_for" in row:
        assert (row["votes_for"], row["votes_against"], row["n_votes"]) == (2, 1, 3)
    elif shape == Export.Shape.VOTES:
        assert sorted(Counter(vote["choice"] for vote in row["votes"]).values()) == [1, 2]
    else:
        answers = json.loads(row["metadata"])["answers"]
        assert answers["helpful"]["distribution"] == {"2": 1, "3": 1}
        assert answers["grounded"]["votes"] == {"yes": 2}


def test_every_reason_is_documented_in_its_words() -> None:
    for reason, words in LEFT_OUT.items():
        assert f"| `{reason}` | {words} |" in DOCS
    for shape in Export.Shape.values:
        assert f"`{shape}`" in DOCS.split("## What is left out")[0]


STRICT = ["openai", "llamafactory", "nemo_rl", "vertex", "nova"]
CALL = {"id": "c1", "type": "function", "function": {"name": "light", "arguments": '{"on": true}'}}
SAID = {"role": "assistant", "content": "Which one?"}
AGAIN = {"role": "user", "content": "The red one."}
TOOL = {"type": "function", "function": {"name": "light", "parameters": {"type": "object", "properties": {}}}}
CALLED: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [CALL]}
MISFITS: dict[str, list[dict[str, Any]]] = {
    "tools": [USER, CALLED, {"role": "tool", "tool_call_id": "c1", "content": "ok"}],
    "named_turn": [{**USER, "name": "Ann"}],
    "blank_turn": [USER, {"role": "assistant", "content": " \r\n"}, AGAIN],
    "system_turn": [USER, SAID, SYSTEM, AGAIN],
    "not_alternating": [USER, AGAIN],
}


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("shape", STRICT)
def test_what_a_plain_dialogue_cannot_hold_is_left_out_and_counted(
    compared: Compared, built: Built, shape: str
) -> None:
    for messages in MISFITS.values():
        compared("AAA", messages=messages)
    compared("AAA", messages=[USER], body={"tools": [TOOL]})
    compared("AAA", messages=[SYSTEM, SYSTEM, USER])
    compared("AAA", messages=[SAID, AGAIN])
    compared("AAA", messages=[{"role": "developer", "content": "Be brief."}, USER, SAID, AGAIN])
    version = built()
    export = made(version, shape)
    counted = {**dict.fromkeys(MISFITS, 1), "tools": 2, "system_turn": 2, "not_alternating": 2}
    assert (export.n_rows, export.manifest["left_out"]) == (1, counted)
    assert export.done == export.total == version.counts["pairs"] == 9


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("is_gone", [False, True])
def test_what_is_left_out_is_counted_once_though_a_worker_died(
    compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 2)  # some chunks hold nothing that is written
    for messages in [*MISFITS.values(), [USER]]:
        compared("AAA", messages=messages)
    export = stopped(built(), 2, "openai")
    if is_gone:  # another machine goes on, from the first row
        exports.partial(export).unlink(missing_ok=True)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert (export.n_rows, export.manifest["left_out"]) == (1, dict.fromkeys(MISFITS, 1))


@pytest.mark.usefixtures("training")
def test_several_turns_stay_in_their_order(compared: Compared, built: Built) -> None:
    compared("AAA", messages=[SYSTEM, USER, SAID, AGAIN], texts=("One\r\ntwo 🙂\u2028", "No."))
    version = built()
    row = {shape: records(made(version, shape))[0] for shape in STRICT}
    said = ["Reset it?", "Which one?", "The red one."]
    assert [turn["content"] for turn in row["openai"]["input"]["messages"]] == ["Be brief.", *said]
    assert row["openai"]["preferred_output"] == [{"role": "assistant", "content": "One\r\ntwo 🙂\u2028"}]
    assert [(turn["from"], turn["value"]) for turn in row["llamafactory"]["conversations"]] == list(
        zip(["human", "gpt", "human"], said, strict=True)
    )
    assert [turn["role"] for turn in row["vertex"]["contents"]] == ["user", "model", "user"]
    assert [turn["role"] for turn in row["nova"]["messages"]] == ["user", "assistant", "user", "assistant"]
    assert row["nova"]["messages"][3]["candidates"][0]["content"] == [{"text": "One\r\ntwo 🙂\u2028"}]


@pytest.mark.usefixtures("training")
def test_without_a_system_prompt_there_is_no_empty_one(compared: Compared, built: Built) -> None:
    compared("AAA", messages=[SYSTEM, USER])
    version = built(system_prompts="without")
    row = {shape: records(made(version, shape))[0] for shape in STRICT}
    assert row["openai"]["input"]["messages"] == row["nemo_rl"]["context"] == [USER]
    assert row["llamafactory"]["system"] == ""  # its reader wants the column in some row
    assert "system_instruction" not in row["vertex"]
    assert "system" not in row["nova"]


@pytest.mark.usefixtures("training")
def test_nova_keeps_some_openings_for_itself(compared: Compared, built: Built) -> None:
    for opening in ("User: hello", " Bot: hello", "[EOS]", "Users: hello"):
        compared("AAA", messages=[{"role": "user", "content": opening}])
    export = made(built(), "nova")
    assert (export.n_rows, export.manifest["left_out"]) == (1, {"reserved_opening": 3})


@pytest.mark.parametrize("shape", STRICT)
def test_rows_that_cannot_tell_their_split_never_stand_with_those_of_another(
    documented: DatasetVersion, shape: str
) -> None:
    assert (made(documented, shape).split, made(documented, "preference").split) == ("train", "")
    assert made(documented, shape) == made(documented, shape, "train")
    assert made(documented, shape, "validation").n_rows == 0


@pytest.mark.usefixtures("training")
def test_the_provenance_file_runs_beside_the_others(compared: Compared, built: Built) -> None:
    for n, messages in enumerate([*MISFITS.values(), [{"role": "user", "content": "Bot: hello"}]] * 2):
        compared("AAA", messages=messages, texts=(f"Yes {n}.", "No."))
        compared("AAA", messages=[USER], texts=(f"Better {n}.", "No."))
    version = built()
    pairs = {pair.pair_id: pair for pair in version.pairs.all()}
    beside = records(made(version, "provenance", "train"))
    assert len(beside) == len(pairs) == 24
    for shape in ("openai", "nova"):
        rows = records(made(version, shape, "train"))
        kept = [pairs[row["pair_id"]] for row in beside if shape not in row["left_out"]]
        texts = [text for row in rows for text in re.findall(r'"((?:Better|Yes) \d+\.)"', json.dumps(row))]
        assert texts == [pair.chosen[0]["content"] for pair in kept]
    assert {row["left_out"].get("nova") for row in beside} == {None, "reserved_opening", *MISFITS}


def test_the_llamafactory_file_brings_its_entry(documented: DatasetVersion) -> None:
    export = made(documented, "llamafactory")
    (entry,) = export.manifest["beside"]["dataset_info.json"].values()
    assert entry["file_name"] == exports.file_name(export)
    assert (entry["formatting"], entry["ranking"]) == ("sharegpt", True)
    assert set(entry["columns"].values()) == set(records(export)[0])


@pytest.mark.usefixtures("training")
def test_whole_conversations_keep_calls_and_leave_out_empty_turns(compared: Compared, built: Built) -> None:
    compared("AAA", messages=MISFITS["tools"], body={"tools": [TOOL]})
    compared("AAA", messages=MISFITS["blank_turn"])
    version = built()
    for shape in ("conversation", "reward"):
        export = made(version, shape)
        (row,) = records(export)
        assert export.manifest["left_out"] == {"blank_turn": 1}
        assert row["chosen"][:-1] == row["rejected"][:-1]
        assert row["chosen"][1]["tool_calls"][0]["function"]["arguments"] == {"on": True}
        assert json.loads(row["tools"]) == [TOOL]


@pytest.mark.usefixtures("training")
def test_a_margin_means_one_thing(project: Project, compared: Compared, rated: Rated, built: Built) -> None:
    compared("AAA", strength=2)
    for n, points in enumerate((2, 5)):
        response = make.response(project, f"Answer {n}", question="Rated?")
        rated(response, points, points, rewrite={"response": response.pk, "text": f"Something else {n}"})
    both = made(built(rating_criterion="helpful"), "reward")
    assert [row["margin"] for row in records(both)] == [2.0]
    assert set(both.manifest["left_out"]) == {"another_scale", "no_strength"}
    alone = made(built(rating_criterion="helpful", comparisons=False), "reward")
    assert [row["margin"] for row in records(alone)] == [3.0]
    assert set(alone.manifest["left_out"]) == {"no_strength"}


@pytest.mark.usefixtures("training")
def test_an_answer_is_learnt_once_and_only_if_no_pair_rejects_it(
    project: Project, compared: Compared, rated: Rated, built: Built
) -> None:
    best, middle, worst = [make.response(project, text, question="Which?") for text in ("Best.", "Middle.", "Worst.")]
    for two in ((best, middle), (best, worst), (middle, worst)):
        compared("AAA", pair=two)
    rated(worst, 2, rewrite={"response": worst.pk, "text": "Written anew."})
    version = built()
    export = made(version, "sft")
    assert sorted(row["completion"][0]["content"] for row in records(export)) == ["Best.", "Written anew."]
    assert export.manifest["left_out"] == {"rejected_elsewhere": 1, "repeated": 1}
    assert export.done == version.counts["pairs"] == 4


@pytest.mark.usefixtures("training")
def test_the_better_of_two_bad_answers_is_not_learnt(project: Project, rated: Rated, built: Built) -> None:
    for text, points in (("Bad.", 2), ("Worse.", 1)):
        rated(make.response(project, text, question="Rated?"), points)
    for text, points in (("Good.", 5), ("Fair.", 4)):
        rated(make.response(project, text, question="Rated too?"), points)
    export = made(built(rating_criterion="helpful"), "sft")
    assert [row["completion"][0]["content"] for row in records(export)] == ["Good."]
    assert export.manifest["left_out"] == {"failed": 1}
