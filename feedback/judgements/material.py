"""What answers refer to: the outputs of a subject's responses, passages shown beside them, the turns before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import CharField, Value

from feedback.judgements.refusal import refused
from feedback.responses.models import Passage, ResponseBody, Subject, SubjectResponse
from feedback.responses.turns import ASSISTANT, STEP, turns_of
from feedback.rubrics.models import Criterion


@dataclass(frozen=True)
class SourceText:
    """An output or a passage: the response it belongs to, its canonical text and the text's SHA-256."""

    response: int
    text: str
    text_hash: str


@dataclass(frozen=True)
class Material:
    """Outputs by response id in the subject's order, and passages by id."""

    outputs: dict[int, SourceText]
    passages: dict[int, SourceText] = field(default_factory=dict)
    turns: Mapping[str, Sequence[int]] = field(default_factory=dict)  # numbers of turns and steps; read where asked for

    def response(self, given: Any, at: str) -> int:
        """The id of a response of the subject; it may be left out when there is only one."""
        if given is None and len(self.outputs) == 1:
            return next(iter(self.outputs))
        if isinstance(given, bool) or not isinstance(given, int) or given not in self.outputs:
            raise refused(at, "Name one of the responses that were shown, by its id.")
        return given

    def passage(self, given: Any, at: str) -> SourceText:
        """A passage of the subject; pages show equal texts of two responses once, so either may be named."""
        found = self.passages.get(given) if isinstance(given, int) and not isinstance(given, bool) else None
        if found is None:
            raise refused(at, "Name a passage that was shown beside the response, by its id.")
        return found


def numbers_of(response_id: int) -> dict[str, list[int]]:
    """The numbers of the response's turns and of its steps; one statement."""
    rows = ResponseBody.objects.filter(response=response_id)
    body = rows.values_list("messages", "output", "tool_calls").get()
    return {of: [turn.number for turn in turns_of(*body, of)] for of in (ASSISTANT, STEP)}


def cited_passages(answers: Any) -> set[int]:
    """Every passage id that the answers name, whatever else is wrong with them."""
    marks: Iterable[Any] = []
    if isinstance(answers, dict):
        marks = (mark for value in answers.values() if isinstance(value, list) for mark in value)
    named: set[Any] = set()
    for mark in marks:
        if isinstance(mark, dict):
            evidence = mark.get("evidence")
            for passage in (mark.get("passage"), evidence.get("passage") if isinstance(evidence, dict) else None):
                if isinstance(passage, int) and not isinstance(passage, bool) and 0 < passage < 2**63:
                    named.add(passage)
    return named


def without_words(subject: Subject) -> Material:
    """The ids of the subject's responses, which are its key: enough for answers that point at no words."""
    return Material({int(pk): SourceText(int(pk), "", "") for pk in subject.key.split("+")})


def material_of(subject: Subject, passage_ids: Iterable[int] = ()) -> Material:
    """The outputs, and the passages asked for; one statement."""
    names = ("kind", "key", "owner", "position_", "text_", "hash_")
    rows: Any = (
        SubjectResponse.objects.filter(subject=subject)
        .annotate(kind=Value("output", CharField()))
        .values_list(
            "kind", "response_id", "response_id", "position", "response__body__output", "response__output_hash"
        )
    )
    ids = list(passage_ids)
    if ids:
        passages = (
            Passage.objects.order_by()
            .filter(pk__in=ids, response__subject_parts__subject=subject)
            .annotate(kind=Value("passage", CharField()))
            .values_list("kind", "pk", "response_id", "position", "text", "text_hash")
        )
        rows = rows.union(passages, all=True)
    found = sorted((dict(zip(names, row, strict=True)) for row in rows), key=lambda row: row["position_"])
    texts: dict[str, dict[int, SourceText]] = {"output": {}, "passage": {}}
    for row in found:
        texts[row["kind"]][row["key"]] = SourceText(row["owner"], row["text_"], row["hash_"])
    return Material(texts["output"], texts["passage"])


def with_turns(material: Material, criteria: Iterable[Criterion]) -> Material:
    """The same with the numbers of turns and steps, where one of the questions is about each."""
    if not any(criterion.kind == Criterion.Kind.PER_TURN for criterion in criteria):
        return material
    return replace(material, turns=numbers_of(next(iter(material.outputs))))
