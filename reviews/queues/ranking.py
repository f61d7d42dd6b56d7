"""The control of a ranking: one select a response, for its place. js/rank.js sorts the rows by keys and buttons.

Places are numbers from 1 in the order in which the responses are shown; answers are tiers of response ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

SIDES = ("Left", "Right")
Places = Sequence[int | None]


def labels(count: int) -> Sequence[str]:
    """What each of so many responses is called on a page, in the order shown: alone, a side of a pair, or a number."""
    if count == 1:
        return ("Response",)
    return SIDES if count == 2 else [f"Response {number}" for number in range(1, count + 1)]


class PlacesWidget(forms.Widget):
    """The rows are drawn by components/ranking.html."""

    input_type = "ranking"

    def __init__(self, count: int, *, has_ties: bool) -> None:
        super().__init__()
        self.count, self.has_ties = count, has_ties

    def subwidgets(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        places = value or [None] * self.count
        for index, label in enumerate(labels(self.count)):
            yield {
                "name": f"{name}-{index}",
                "id": f"{(attrs or {}).get('id', name)}-{index}",
                "label": label,
                "number": index + 1,
                "place": str(places[index] or ""),
                "places": [str(place) for place in range(1, self.count + 1)],
            }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [data.get(f"{name}-{index}", "") for index in range(self.count)]


class PlacesField(forms.Field):
    """Places as numbers, None for a response without one: half a ranking is a draft; the check of answers wants all."""

    def __init__(self, options: Mapping[str, Any], **shared: Any) -> None:
        widget = PlacesWidget(options["responses"], has_ties=bool(options.get("ties")))
        super().__init__(widget=widget, **shared)
        self.count = widget.count

    def to_python(self, value: list[str] | None) -> list[int | None]:
        known = {str(place): place for place in range(1, self.count + 1)}
        if any(given and given not in known for given in value or []):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return [known.get(given) for given in value or []]

    def validate(self, value: Any) -> None:
        if self.required and not any(value):
            raise forms.ValidationError(self.error_messages["required"], code="required")


def tiers_of(places: Places, shown: Sequence[int]) -> list[list[int]] | None:
    """Response ids by place; a place that nobody has is an empty tier, so that a draft comes back as it was."""
    last = max((place for place in places if place), default=0)
    pairs = list(zip(places, shown, strict=False))
    return [[pk for at, pk in pairs if at == place] for place in range(1, last + 1)] or None


def places_of(tiers: Any, shown: Sequence[int]) -> list[int | None]:
    """The other way. A program may have saved anything as a draft: what is no tier is left."""
    rows = tiers if isinstance(tiers, list) else []
    known = [[pk for pk in row if isinstance(pk, int)] if isinstance(row, list) else [] for row in rows]
    found = {pk: place for place, row in enumerate(known, 1) for pk in row}
    return [place if (place := found.get(pk, 0)) and place <= len(shown) else None for pk in shown]


def in_words(tiers: Sequence[Sequence[int]], names: Mapping[int, str]) -> str:
    """1: Response 2; 2: Response 1 and Response 3."""
    return "; ".join(
        f"{place}: {' and '.join(names[pk] for pk in sorted(tier, key=lambda pk: names[pk]))}"
        for place, tier in enumerate(tiers, 1)
    )
