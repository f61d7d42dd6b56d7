"""One label as it comes from elsewhere: its fields, and its references turned into the ids that answers use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from feedback.judgements.refusal import refused
from feedback.responses.rows import YEARS, RowRefused

Name60 = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
Name120 = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
Name200 = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


class Label(Struct, forbid_unknown_fields=True, kw_only=True):
    source: Name60  # where the labels come from
    external_id: Name200  # of this label in the source; what makes sending again harmless
    reviewer: Name120  # the person's name in the source
    queue: Name60  # key of a queue that takes imports
    responses: Annotated[list[Name200], Meta(min_length=1, max_length=16)]  # external ids in the order shown
    answers: dict[str, Any]
    round: Annotated[int, Meta(ge=1, le=32_767)] | None = None
    reviewed_at: Annotated[datetime, Meta(tz=True)] | None = None
    active_ms: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    note: Annotated[str, Meta(max_length=10_000)] = ""


def read(value: Any) -> Label:
    """A label from a canonical JSON value, or `RowRefused`."""
    try:
        label = msgspec.convert(value, Label)
    except msgspec.ValidationError as error:
        raise explained(str(error)) from None
    if len(set(label.responses)) < len(label.responses):
        raise RowRefused("invalid", "/responses", "A response is named twice.")
    if label.reviewed_at is not None and label.reviewed_at.year not in YEARS:
        raise RowRefused("invalid", "/reviewed_at", f"A time lies between the years {YEARS[0]} and {YEARS[-1]}.")
    label.reviewed_at = label.reviewed_at and label.reviewed_at.astimezone(UTC)
    return label


def explained(message: str) -> RowRefused:
    """msgspec's sentence with its path as a JSON pointer."""
    message, _, path = message.partition(" - at `$")
    pointer = re.sub(r"\[(\d+)\]", r"/\1", path.rstrip("`")).replace(".", "/")
    field = re.search(r"(?:unknown|required) field `(.*)`", message, re.DOTALL)
    if field:
        pointer += "/" + field[1].replace("~", "~0").replace("/", "~1")
    reason = "unknown-key" if "unknown field" in message else "invalid"
    return RowRefused(reason, pointer[:300], message[:300].replace("`", "") + ".")


class References:
    """The names that a label may use for the responses of its subject and their passages."""

    def __init__(self, names: list[str], ids: Mapping[str, int], passages: Mapping[tuple[int, int], int]) -> None:
        self.ids = {name: ids[name] for name in names}
        if len(names) == 2:
            self.ids = {"left": ids[names[0]], "right": ids[names[1]]} | self.ids
        self.only = ids[names[0]] if len(names) == 1 else None
        self.passages = passages

    def resolve(self, answers: dict[str, Any]) -> dict[str, Any]:
        """The answers with external ids, "left" and "right" as response ids, and passage positions as passage ids.

        What has another shape is left as it is: the check of the answers says what is wrong with it.
        """
        return {key: self.value(value, f"/answers/{key}") for key, value in answers.items()}

    def value(self, value: Any, at: str) -> Any:
        if isinstance(value, list):
            return [self.part(part, f"{at}/{index}") for index, part in enumerate(value)]
        if isinstance(value, dict):
            return self.named(value, ("preferred", "response", "best", "worst"), at)
        return value

    def part(self, part: Any, at: str) -> Any:
        """A mark, a tier of a ranking, or one of several choices."""
        if not isinstance(part, list):
            return self.mark(part, at)
        return [self.response(name, f"{at}/{index}") for index, name in enumerate(part)]

    def response(self, given: Any, at: str) -> Any:
        if isinstance(given, str) and given not in self.ids:
            raise refused(at, 'Name a response of this label by its external id, "left" or "right".')
        return self.ids[given] if isinstance(given, str) else given

    def named(self, value: dict[str, Any], fields: tuple[str, ...], at: str) -> dict[str, Any]:
        found = dict(value)
        for name in fields:
            if isinstance(value.get(name), str):
                found[name] = self.response(value[name], f"{at}/{name}")
        return found

    def mark(self, mark: Any, at: str) -> Any:
        if not isinstance(mark, dict):
            return mark
        found = self.named(mark, ("response",), at)
        response = found.get("response", self.only)
        if found.get("passage") is not None:
            found["passage"] = self.passage(response, found["passage"], f"{at}/passage")
        evidence = found.get("evidence")
        if isinstance(evidence, dict) and evidence.get("passage") is not None:
            passage = self.passage(response, evidence["passage"], f"{at}/evidence/passage")
            found["evidence"] = evidence | {"passage": passage}
        return found

    def passage(self, response: Any, position: Any, at: str) -> int:
        is_position = isinstance(position, int) and not isinstance(position, bool)
        found = self.passages.get((response, position)) if is_position else None
        if found is None:
            raise refused(at, "Name a passage of the response by its position, counting from 0.")
        return found
