"""Messages as trainers read them: only the keys they know, in one order."""

from __future__ import annotations

from typing import Any

from feedback.responses.models import Response

KEPT = ("role", "content", "name", "tool_calls", "tool_call_id")
SYSTEM = {"system", "developer"}

Message = dict[str, Any]


def clean(message: Message) -> Message:
    """One message with the keys that trainers know."""
    kept = {key: message[key] for key in KEPT if message.get(key) is not None}
    return {"role": kept["role"], "content": kept.get("content", ""), **{k: v for k, v in kept.items() if k not in {"role", "content"}}}


def answer(response: Response) -> Message:
    message: Message = {"role": "assistant", "content": response.body.output}
    if response.body.tool_calls:
        message["tool_calls"] = response.body.tool_calls
    return message


def is_blank(message: Message) -> bool:
    return not (message.get("content") or "").strip() and not message.get("tool_calls")


def without_system(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message["role"] not in SYSTEM]


def common_prompt(chosen: Response, rejected: Response, policy: str) -> tuple[list[Message], str]:
    """The prompt that both answered under the policy for system prompts, and why there is none ('' when there is)."""
    mine = [clean(message) for message in chosen.body.messages]
    theirs = [clean(message) for message in rejected.body.messages]
    if without_system(mine) != without_system(theirs):
        return mine, "different_prompts"
    if policy == "without":
        return without_system(mine), ""
    if policy == "same" and mine != theirs:
        return mine, "different_system_prompts"
    return mine, ""
