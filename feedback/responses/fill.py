"""Late parts of known responses: they fill what is still empty and never overwrite.

Two exceptions, both towards the truth: a cost that the caller gives replaces one that we computed, and a consent that
is withdrawn counts, whereas one that is given after a refusal does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback.responses.insert import Values, add_feedback, add_passages, feedback_values, passage_values
from feedback.responses.models import ChangedDay, Passage, Response, UserFeedback
from feedback.responses.names import Names
from feedback.responses.prepared import Prepared, parts

Known = tuple[Prepared, int]  # a row, and the id of the response it speaks of
TOKENS = ("input_tokens", "output_tokens", "cached_tokens")


@dataclass
class Gaps:
    """What is stored of some responses, and what rows add to it."""

    responses: dict[int, Response]
    with_passages: set[int]
    kinds: set[tuple[int, str]]
    columns: set[str] = field(default_factory=set)
    changed: dict[int, Response] = field(default_factory=dict)
    passages: list[Values] = field(default_factory=list)
    feedback: list[Values] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)  # indexes of rows that had something to add

    def take(self, prepared: Prepared, pk: int, names: Names) -> None:
        response = self.responses[pk]
        before = len(self.passages) + len(self.feedback)
        news = self.news(response, prepared, names)
        if prepared.row.passages and pk not in self.with_passages:
            self.with_passages.add(pk)
            self.passages += passage_values(response.project_id, prepared, pk)
        for values in feedback_values(response.project_id, prepared, pk):
            if (pk, values["kind"]) not in self.kinds:
                self.kinds.add((pk, values["kind"]))
                self.feedback.append(values)
                news["has_feedback"] = True
        for name, value in news.items():
            setattr(response, name, value)
        if news:
            self.columns.update(news)
            self.changed[pk] = response
        if news or len(self.passages) + len(self.feedback) > before:
            self.filled.add(prepared.index)

    def news(self, response: Response, prepared: Prepared, names: Names) -> dict[str, Any]:
        given = parts(prepared.row)
        news = {name: value for name, value in given.items() if getattr(response, name) in (None, "", [])}
        if given.get("consent") is False and response.consent:
            news["consent"] = False
        if "cost" in given and not response.cost_is_given:
            news |= {"cost": given["cost"], "cost_is_given": True}
        elif response.cost is None and any(name in news for name in TOKENS):
            tokens = [news.get(name, getattr(response, name)) for name in TOKENS]
            cost = names.cost(response.model_id, response.responded_at, (tokens[0], tokens[1], tokens[2]))
            if cost is not None:
                news["cost"] = cost
        return news

    def write(self) -> None:
        if self.changed:
            rows = list(self.changed.values())
            Response.objects.bulk_update(rows, sorted(self.columns), batch_size=100)
            ChangedDay.mark(rows[0].project_id, (row.responded_at for row in rows), is_filled=True)
        add_passages(self.passages)
        add_feedback(self.feedback)


def fill(rows: Sequence[Known], names: Names) -> set[int]:
    """Indexes of the rows that added something. Looks first, and locks only responses that have a gap to fill."""
    rows = [(prepared, pk) for prepared, pk in rows if has_parts(prepared)]
    seen = gaps(rows, names, lock=False)
    rows = [(prepared, pk) for prepared, pk in rows if prepared.index in seen.filled]
    if not rows:
        return set()
    found = gaps(rows, names, lock=True)
    found.write()
    return found.filled


def has_parts(prepared: Prepared) -> bool:
    return bool(parts(prepared.row) or prepared.row.passages or prepared.row.feedback)


def gaps(rows: Sequence[Known], names: Names, *, lock: bool) -> Gaps:
    ids = {pk for _, pk in rows}
    stored = Response.objects.filter(pk__in=ids).order_by("pk")
    found = Gaps(
        responses={response.pk: response for response in (stored.select_for_update() if lock else stored)},
        with_passages=set(Passage.objects.filter(response__in=[pk for p, pk in rows if p.row.passages], position=0)
                          .values_list("response_id", flat=True)),
        kinds=set(UserFeedback.objects.filter(response__in=[pk for p, pk in rows if p.row.feedback])
                  .values_list("response_id", "kind")),
    )  # fmt: skip
    for prepared, pk in rows:
        found.take(prepared, pk, names)
    return found
