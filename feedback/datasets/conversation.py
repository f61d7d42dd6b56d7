"""Messages as trainers read them: plain text, only the keys they know, in one order."""

from __future__ import annotations

from typing import Any

from feedback.datasets.snapshot import Answered
from feedback.text.hashes import input_hash

KEPT = ("role", "content", "name", "tool_calls", "tool_call_id")
SYSTEM = {"system", "developer"}

Message = dict[str, Any]


def clean(message: Message) -> Message:
    """One message with the keys that trainers know, its parts of text joined."""
    kept = {key: message[key] for key in KEPT if message.get(key)}
    return {**kept, "role": message["role"], "content": text_of(message.get("content"))}


def text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)
    return content or ""


def is_text(message: Message) -> bool:
    """Whether nothing is lost when only its text is kept: no image, sound or file among its parts."""
    content = message.get("content")
    return not isinstance(content, list) or all(isinstance(part, str) or "text" in part for part in content)


def answer(response: Answered) -> Message:
    message: Message = {"role": "assistant", "content": response.output}
    if response.tool_calls:
        message["tool_calls"] = response.tool_calls
    return message


def is_blank(message: Message) -> bool:
    return not (message.get("content") or "").strip() and not message.get("tool_calls")


def without_system(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message["role"] not in SYSTEM]


def turns_hash(messages: list[Message]) -> str:
    """Of the turns but system and developer ones, whatever the ids of their tool calls."""
    return input_hash(input_key=None, variables=None, messages=messages)


def common_prompt(chosen: Answered, rejected: Answered, policy: str) -> tuple[list[Message], str]:
    """The prompt that both answered under the policy for system prompts, and why there is none ('' when there is)."""
    mine = [clean(message) for message in chosen.messages]
    theirs = mine if chosen.pk == rejected.pk else [clean(message) for message in rejected.messages]
    prompt = without_system(mine) if policy == "without" else mine
    return prompt, refused_prompts(mine, theirs, policy) or refused_prompt(chosen, rejected, prompt)


def refused_prompts(mine: list[Message], theirs: list[Message], policy: str) -> str:
    """Why the two did not answer the same."""
    if mine == theirs:
        return ""
    if turns_hash(mine) != turns_hash(theirs):
        return "different_prompts"
    systems = [[(at, m) for at, m in enumerate(some) if m["role"] in SYSTEM] for some in (mine, theirs)]
    return "different_system_prompts" if policy == "same" and systems[0] != systems[1] else ""


def refused_prompt(chosen: Answered, rejected: Answered, prompt: list[Message]) -> str:
    if (chosen.tools or []) != (rejected.tools or []):
        return "different_tools"
    if not all(is_text(message) for message in chosen.messages):
        return "not_only_text"
    if not prompt or prompt[-1]["role"] not in {"user", "tool"}:
        return "prompt_not_open"
    return ""
