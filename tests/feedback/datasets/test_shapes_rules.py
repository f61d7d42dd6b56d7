"""What consumers demand of a row, written down from their documents, against whatever conversation may come.

A row either is taken by its consumer, or was left out with a reason that we know.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.datasets.formats import json_line as line
from feedback.datasets.shapes import llamafactory, nemo_rl, nova, openai, openai_sft, pairs, vertex
from feedback.datasets.shapes.turns import LEFT_OUT

texts = st.sampled_from(["Reset it?", "Hold 5 s.", "", " \r\n", "User: hi", "[EOS]", "🙂\u2028é", "a\r\nb"])
calls = st.just([{"id": "c1", "type": "function", "function": {"name": "light", "arguments": "{}"}}])
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "user", "assistant", "tool"]), "content": texts},
    optional={"name": st.just("Ann"), "tool_calls": calls, "tool_call_id": st.just("c1")},
)
# Most are plain, so that rows are written too; some are anything.
alternating = st.integers(0, 2).map(lambda n: ["user", *["assistant", "user"] * n])
plain = st.builds(
    lambda system, roles, said: [
        {"role": role, "content": text} for role, text in zip([*system, *roles], said, strict=False)
    ],
    st.sampled_from([[], ["system"], ["developer"]]),
    alternating,
    st.lists(texts, min_size=6, max_size=6),
)
prompts = st.one_of(plain, st.lists(messages, min_size=1, max_size=5))
answers = st.one_of(texts.map(lambda text: {"role": "assistant", "content": text}), messages)
tools = st.sampled_from([[], [], [{"type": "function", "function": {"name": "light"}}]])


def alternate(roles: list[str], second: str) -> bool:
    """From the user's turn to the user's."""
    return len(roles) % 2 == 1 and all(role == ("user", second)[at % 2] for at, role in enumerate(roles))


def is_text(*found: Any) -> bool:
    return all(type(text) is str and text.strip() for text in found)


def together_takes(row: dict[str, Any]) -> bool:
    """The strictest of the four services: no other key, system first only, then strict alternation."""
    turns = row["input"]["messages"]
    outputs = [row["preferred_output"], row["non_preferred_output"]]
    said = turns[1:] if turns[0]["role"] == "system" else turns
    return (
        set(row) == {"input", "preferred_output", "non_preferred_output"}
        and set(row["input"]) == {"messages"}
        and all(set(turn) == {"role", "content"} for turn in turns)
        and alternate([turn["role"] for turn in said], "assistant")
        and all(len(output) == 1 and output[0]["role"] == "assistant" for output in outputs)
        and is_text(*(turn["content"] for turn in [*turns, *outputs[0], *outputs[1]]))
    )


def together_takes_example(row: dict[str, Any]) -> bool:
    """As above, closing with the answer; what stands before it has no weight."""
    *turns, answer = row["messages"]
    said = turns[1:] if turns[0]["role"] == "system" else turns
    return (
        set(row) == {"messages"}
        and alternate([turn["role"] for turn in said], "assistant")
        and all(turn.get("weight") == (0 if turn["role"] == "assistant" else None) for turn in turns)
        and set(answer) == {"role", "content"}
        and answer["role"] == "assistant"
        and is_text(*(turn["content"] for turn in row["messages"]))
    )


def llamafactory_takes(row: dict[str, Any]) -> bool:
    """After the system prompt, which is a column, turns alternate and close with the user's."""
    roles = {"human": "user", "gpt": "assistant"}
    return (
        alternate([roles[turn["from"]] for turn in row["conversations"]], "assistant")
        and all(set(row[name]) == {"from", "value"} and row[name]["from"] == "gpt" for name in ("chosen", "rejected"))
        and type(row["system"]) is str
        and is_text(row["chosen"]["value"], row["rejected"]["value"])
    )


def nemo_takes(row: dict[str, Any]) -> bool:
    both = row["completions"]
    return (
        [one["rank"] for one in both] == [0, 1]
        and all(len(one["completion"]) == 1 and one["completion"][0]["role"] == "assistant" for one in both)
        and row["context"][-1]["role"] == "user"
    )


def vertex_takes(row: dict[str, Any]) -> bool:
    said = [*row["contents"], *(one["completion"] for one in row["completions"])]
    system = row.get("system_instruction")
    return (
        row["contents"][-1]["role"] == "user"
        and {turn["role"] for turn in said} <= {"user", "model"}
        and [one["score"] for one in row["completions"]] == [1, 0]
        and is_text(*(part["text"] for turn in said for part in turn["parts"]))
        and (system is None or is_text(system["parts"][0]["text"]))
    )


def nova_takes(row: dict[str, Any]) -> bool:
    *turns, last = row["messages"]
    kept = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
    said = [part["text"] for turn in turns for part in turn["content"]]
    return (
        alternate([turn["role"] for turn in turns], "assistant")
        and [one["preferenceLabel"] for one in last["candidates"]] == ["preferred", "non-preferred"]
        and not any(text.startswith(word) for text in said for word in kept)
        and is_text(*said, *(one["content"][0]["text"] for one in last["candidates"]))
    )


TAKES = [
    (openai, together_takes),
    (openai_sft, together_takes_example),
    (llamafactory, llamafactory_takes),
    (nemo_rl, nemo_takes),
    (vertex, vertex_takes),
    (nova, nova_takes),
]


def made(shape: ModuleType, prompt: Any, chosen: Any, rejected: Any, tools: Any) -> Any:
    """The row as its reader parses it, or the reason."""
    parts: list[Any] = [prompt, [chosen], [rejected], {}, tools]
    held = [json.dumps(part) for part in parts]
    pair = pairs.of((0, "p", "g", "train", "comparison", "better", 3, 3, 0, 0, 1.0, 2.0, *held))
    row = shape.record(pair._replace(marks=(False, False, False)), {})
    return row if isinstance(row, str) else json.loads(line(row))


@pytest.mark.parametrize(("shape", "takes"), TAKES)
@given(prompt=prompts, chosen=answers, rejected=answers, tools=tools)
def test_a_row_is_taken_or_left_out_for_a_known_reason(
    shape: ModuleType, takes: Any, prompt: list[Any], chosen: Any, rejected: Any, tools: list[Any]
) -> None:
    row = made(shape, prompt, chosen, rejected, tools)
    assert row in LEFT_OUT if isinstance(row, str) else takes(row)


@pytest.mark.parametrize(("shape", "takes"), TAKES)
def test_a_plain_pair_is_written(shape: ModuleType, takes: Any) -> None:
    said = [
        {"role": role, "content": text} for role, text in (("user", "A?"), ("assistant", "B."), ("assistant", "C."))
    ]
    assert takes(made(shape, said[:1], said[1], said[2], []))
