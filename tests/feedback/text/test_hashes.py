"""What makes prompts, inputs and texts equal, and the replayable draw."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.hashes import digest, draw_key, fold, fold_hash, input_hash, prompt_hash, sha256_text

BEGIN = Path(__file__).parents[4] / "shared" / "data" / "begin_wow.jsonl"
USER = {"role": "user", "content": "Does it pay for the hotel?"}


def of_turns(*messages: dict[str, Any]) -> str:
    return input_hash(input_key=None, variables=None, messages=messages)


def test_hashes_are_the_published_sha256() -> None:
    assert sha256_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest({"b": 1, "a": 2}) == sha256_text('{"a":2,"b":1}')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ﬁne", "Fine"),
        ("e\u0301", "É"),
        ("a\r\n\u00a0\u3000 b ", "A B"),
        ("Ａ１", "a1"),
        ("  ", ""),
        ("İ", "i\u0307"),
    ],
)
def test_texts_that_differ_only_in_form_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold_hash(one) == fold_hash(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_callers_key_comes_before_variables_and_variables_before_turns() -> None:
    both = input_hash(input_key="case 7", variables={"q": "a"}, messages=[USER])
    assert both == input_hash(input_key="case 7", variables={"q": "b"}, messages=[])
    variables = input_hash(input_key="", variables={"q": "a", "lang": "en"}, messages=[USER])
    assert variables == input_hash(input_key=None, variables={"lang": "en", "q": "a"}, messages=[])
    assert input_hash(input_key=None, variables={}, messages=[USER]) == of_turns(USER)


def test_the_three_kinds_cannot_collide() -> None:
    turns = [USER]
    as_key = input_hash(input_key=json.dumps(turns, separators=(",", ":")), variables=None, messages=None)
    as_variables = input_hash(input_key=None, variables={"role": "user", "content": "x"}, messages=None)
    as_turns = of_turns({"role": "user", "content": "x"})
    as_prompt = prompt_hash([{"role": "user", "content": "x"}], None)
    assert len({as_key, as_variables, as_turns, as_prompt, of_turns(USER)}) == 5


def test_instructions_do_not_make_another_input() -> None:
    system, developer = ({"role": role, "content": "Be brief."} for role in ("system", "developer"))
    assert of_turns(system, USER) == of_turns(developer, USER) == of_turns(USER)
    assert of_turns(USER, {"role": "assistant", "content": "Yes."}) != of_turns(USER)


def calling(call_id: str, other: str = "") -> list[dict[str, Any]]:
    call = {"id": call_id, "type": "function", "function": {"name": "plan", "arguments": '{"id":"call_a"}'}}
    second = {**call, "id": other or call_id + "2"}
    return [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call, second]},
        {"role": "tool", "tool_call_id": second["id"], "content": "12 hours"},
        {"role": "tool", "tool_call_id": call_id, "content": "6 hours"},
    ]


def test_tool_call_ids_are_renumbered_and_what_they_tie_together_is_not_lost() -> None:
    assert of_turns(*calling("call_a")) == of_turns(*calling("xyz", "qrs"))
    crossed = calling("call_a")
    crossed[2], crossed[3] = (
        {**crossed[2], "tool_call_id": "call_a"},
        {**crossed[3], "tool_call_id": "call_a2"},
    )
    assert of_turns(*crossed) != of_turns(*calling("call_a"))


def test_call_ids_inside_content_blocks_are_renumbered_too() -> None:
    def blocks(name: str) -> list[dict[str, Any]]:
        return [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": name, "name": "plan", "input": {"id": "kept"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": name, "content": "6 hours"}]},
        ]

    assert of_turns(*blocks("toolu_1")) == of_turns(*blocks("toolu_9"))
    changed = blocks("toolu_1")
    changed[0]["content"][0]["input"]["id"] = "other"
    assert of_turns(*changed) != of_turns(*blocks("toolu_1"))


def test_an_empty_field_is_as_good_as_none() -> None:
    assert of_turns({**USER, "name": None}) == of_turns(USER)


def test_the_messages_themselves_are_left_alone() -> None:
    messages = calling("call_a")
    before = json.dumps(messages)
    of_turns(*messages)
    assert json.dumps(messages) == before


def test_a_prompt_is_everything_the_model_saw() -> None:
    system = {"role": "system", "content": "Be brief."}
    tool = {"type": "function", "function": {"name": "plan"}}
    hashes = {prompt_hash([system, USER], []), prompt_hash([USER], []), prompt_hash([USER], [tool])}
    assert len(hashes) == 3
    assert prompt_hash([USER], None) == prompt_hash([USER], [])


def test_the_draw_key_is_the_published_formula() -> None:
    expected = int(hashlib.md5(b"salt:id-1").hexdigest()[:13], 16) / 4503599627370496
    assert draw_key("salt", "id-1") == expected
    assert 0 <= draw_key("", "é") < 1


@pytest.mark.skipif(not BEGIN.exists(), reason="the shared labels are not here")
@pytest.mark.parametrize(
    ("rate", "count", "prefix"),
    [(0.05, 103, "adf907dc1204a462"), (0.10, 200, "1e243f99d3b3482a"), (0.20, 421, "9a2a9ca6c2e04bda")],
)
def test_it_draws_the_reference_sample_of_real_ids(rate: float, count: int, prefix: str) -> None:
    ids = {json.loads(line)["item_id"] for line in BEGIN.read_text().splitlines()}
    drawn = sorted(name for name in ids if draw_key("job-1", name) < rate)
    assert len(drawn) == count
    assert sha256_text("\n".join(drawn)).startswith(prefix)
