"""A pair as a plain dialogue, for consumers that know text, one system prompt and two speakers, and nothing else.

What does not fit is left out with its reason, never bent: without its tools or its second system turn, a conversation
would teach something that nobody said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from feedback.datasets.shapes.pairs import Message, Pair

LEFT_OUT = {
    "tools": "tools are offered or called, which such a row cannot hold",
    "named_turn": "a turn names its speaker, which such a row cannot hold",
    "blank_turn": "a turn is empty",
    "system_turn": "a system turn is not the first, or not the only one",
    "not_alternating": "user and assistant do not alternate, from the user's turn to the user's",
    "reserved_opening": "the prompt opens with a word that the service keeps for itself",
    "no_strength": "nobody said how strongly it is preferred",
    "another_scale": "its strength is a difference of ratings, on another scale than votes",
    "repeated": "an earlier row has the same answer",
    "rejected_elsewhere": "another pair of the version rejects the same answer",
    "failed": "it is rated higher than the other, and still fails its rubric",
    "contradicted": "another judgement of the same answer says otherwise",
    "no_consent": "consent for training is not recorded",
    "not_only_text": "the prompt holds more than text",
    "prompt_not_open": "the prompt does not close with a user or tool turn",
    "joins_two_splits": "it belongs to two splits",
    "no_reference": "nobody wrote or accepted an answer to compare with",
    "reserved_name": "a variable of its template has a name that the file keeps for itself",
    "reads_as_code": "a variable of its template is a template or a file's name to whoever reads it",
    "not_rated": "a rating of its rubric is not settled",
    "another_rubric": "it was rated under another rubric than most, on other scales",
    "not_marked": "nobody was asked to mark its text",
    "contested": "reviewers do not agree whether something is to be marked",
    "marked_elsewhere": "what is marked is in a source, not in the text",
}


@dataclass(slots=True)
class Dialogue:
    """`turns` alternate from the user's to the user's; texts are as written, line ends and all."""

    prompt: list[Message]  # all of it
    system: str  # empty when there is none
    turns: list[Message]
    chosen: str
    rejected: str


def dialogue(pair: Pair) -> Dialogue | str:
    """The pair, or why it is none of these."""
    prompt, answers = pair.prompt, [*pair.chosen, *pair.rejected]
    if reason := refused(prompt, answers, pair.tools):
        return reason
    system = [message.content for message in prompt if message.role == "system"]
    turns = [message for message in prompt if message.role != "system"]
    return Dialogue(prompt, system[0] if system else "", turns, answers[0].content, answers[1].content)


def refused(prompt: list[Message], answers: list[Message], tools: list[Any]) -> str:
    said = [*prompt, *answers]
    if tools or any(has_call(message) or message.role not in SPOKEN for message in said):
        return "tools"
    if any(message.name is not msgspec.UNSET for message in said):
        return "named_turn"
    if any(is_blank(message) for message in said):
        return "blank_turn"
    roles = [message.role for message in prompt]
    if "system" in roles[1:]:
        return "system_turn"
    turns = [role for role in roles if role != "system"]
    expected = ["user" if at % 2 == 0 else "assistant" for at in range(len(turns))]
    return "" if turns == expected and turns and turns[-1] == "user" else "not_alternating"


SPOKEN = {"system", "user", "assistant"}


def has_call(message: Message) -> bool:
    return bool(message.tool_calls) or message.tool_call_id is not msgspec.UNSET


def is_blank(message: Message) -> bool:
    """No word and no call."""
    return not (message.content or "").strip() and not message.tool_calls
