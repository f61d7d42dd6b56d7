"""The control of a ranking: one select a response, for its place. js/rank.js sorts the rows by keys and buttons.

Places are numbers from 1 in the order in which the responses are shown; answers are tiers of response ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from feedback.rubrics.models import Criterion

SIDES = (gettext_lazy("Left"), gettext_lazy("Right"))
BOTH, UNKNOWN = "both", "unknown"  # no places, but what somebody chose or sent
Places = Sequence[int | None]


def labels(count: int) -> Sequence[str]:
    """What each of so many responses is called on a page, in the order shown: alone, a side of a pair, or a number."""
    if count == 1:
        return (gettext("Response"),)
    if count == 2:
        return [str(side) for side in SIDES]
    return [gettext("Response %(number)s") % {"number": number} for number in range(1, count + 1)]


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

    def __init__(self, options: Mapping[str, Any], *, widget: PlacesWidget | None = None, **shared: Any) -> None:
        widget = widget or PlacesWidget(options["responses"], has_ties=bool(options.get("ties")))
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


class EndsWidget(PlacesWidget):
    """Two choices for each response: the best, the worst. Both together are kept, to be refused beside them."""

    is_of_ends = True

    def __init__(self, count: int) -> None:
        super().__init__(count, has_ties=False)

    def subwidgets(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        for row in super().subwidgets(name, value, attrs):
            yield {**row, "is_best": row["place"] in ("1", BOTH), "is_worst": row["place"] in ("3", BOTH)}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        best, worst = data.get(f"{name}-best", ""), data.get(f"{name}-worst", "")
        if not {best, worst} <= {"", *map(str, range(1, self.count + 1))}:
            return [UNKNOWN] * self.count
        rest = "2" if best and worst else ""
        ends = {worst: "3", best: "1"} if best != worst else {best: BOTH}
        return [ends.get(str(number), rest) for number in range(1, self.count + 1)]


class EndsField(PlacesField):
    """The best in place 1, the worst in 3, the others in 2; nobody else has a place while one of the two is open."""

    def __init__(self, options: Mapping[str, Any], **shared: Any) -> None:
        super().__init__(options, widget=EndsWidget(options["responses"]), **shared)

    def to_python(self, value: list[str] | None) -> list[int | None]:
        if BOTH in (value or []):
            raise forms.ValidationError(gettext("The best and the worst are two different responses."), code="both")
        return super().to_python(value)


def tiers_of(places: Places, shown: Sequence[int]) -> list[list[int]] | None:
    """Response ids by place; a place that nobody has is an empty tier, so that a draft comes back as it was."""
    last = max((place for place in places if place), default=0)
    pairs = list(zip(places, shown, strict=False))
    return [[pk for at, pk in pairs if at == place] for place in range(1, last + 1)] or None


def places_of(tiers: Any, shown: Sequence[int]) -> list[int | None]:
    """The other way. A program may have saved anything as a draft: what is no tier is left."""
    if isinstance(tiers, dict):  # best and worst by their names
        ends = [tiers.get("best"), tiers.get("worst")]
        tiers = [ends[:1], [pk for pk in shown if None not in ends and pk not in ends], ends[1:]]
    rows = tiers if isinstance(tiers, list) else []
    known = [[pk for pk in row if isinstance(pk, int)] if isinstance(row, list) else [] for row in rows]
    found = {pk: place for place, row in enumerate(known, 1) for pk in row}
    return [place if (place := found.get(pk, 0)) and place <= len(shown) else None for pk in shown]


def in_words(criterion: Criterion, tiers: Sequence[Sequence[int]], names: Mapping[int, str]) -> str:
    """1: Response 2; 2: Response 1 and Response 3. Or: best: Response 2; worst: Response 1."""
    if criterion.kind == Criterion.Kind.BEST_WORST:
        ends = {"best": names[tiers[0][0]], "worst": names[tiers[-1][0]]}
        return gettext("best: %(best)s; worst: %(worst)s") % ends
    both = gettext(" and ")
    named = [both.join(sorted(names[pk] for pk in tier)) for tier in tiers]
    return "; ".join(f"{place}: {tier}" for place, tier in enumerate(named, 1))
