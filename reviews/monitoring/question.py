"""The question that the overview asks, and its answer: is the newest prompt version better than the one before?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.prompts.models import PromptVersion
from feedback.statistics.intervals import Interval
from feedback.statistics.rates import Rate
from reviews.monitoring.measures import MEASURES
from reviews.monitoring.quality import MINIMUM, Quality, difference
from reviews.monitoring.scope import Scope

PLAIN = "How good are the answers?"


@dataclass(frozen=True)
class Question:
    title: str
    answer: str
    tone: str  # good, bad or empty
    newer: PromptVersion | None
    older: PromptVersion | None


def question_of(scope: Scope, versions: list[PromptVersion], quality: Mapping[int | None, Quality]) -> Question:
    """The newest version that answers now against the newest one before it that was judged enough."""
    newer, older = compared(scope, versions, quality)
    of_newer = quality_of_version(quality, newer)
    if newer is None or older is None:
        return Question(PLAIN, so_far(scope, of_newer), "", newer, older)
    rates = of_newer.rate(scope.measure), quality_of_version(quality, older).rate(scope.measure)
    gap = difference(*rates)
    if gap is None or rates[0] is None or rates[1] is None:
        return Question(PLAIN, so_far(scope, of_newer, newer.label), "", newer, older)
    answer, tone = said(scope, rates[0], rates[1], gap)
    return Question(f"Is {newer.label} better than {older.label}?", answer, tone, newer, older)


def quality_of_version(quality: Mapping[int | None, Quality], version: PromptVersion | None) -> Quality:
    return quality.get(version.pk if version else None) or Quality()


def compared(
    scope: Scope, versions: list[PromptVersion], quality: Mapping[int | None, Quality]
) -> tuple[PromptVersion | None, PromptVersion | None]:
    lately = {version for _, version, _ in scope.recent}
    newer = next((version for version in versions if version.pk in lately), versions[0] if versions else None)
    earlier = [version for version in versions if newer and version.pk < newer.pk]
    judged = (version for version in earlier if quality_of_version(quality, version).rate(scope.measure))
    return newer, next(judged, earlier[0] if earlier else None)


def said(scope: Scope, newer: Rate, older: Rate, gap: Interval) -> tuple[str, str]:
    """The answer in words; only a difference whose interval leaves out zero is one."""
    name = MEASURES[scope.measure].title.lower()
    ends = sorted(100 * abs(end) for end in gap)
    points = 100 * abs(newer.value - older.value)
    size = f"{points:.1f} points {{}} ({ends[0]:.1f} to {ends[1]:.1f})"
    if gap.high < 0:
        return f"Yes: its {name} rate is {size.format('lower')}.", "good"
    if gap.low > 0:
        return f"No: its {name} rate is {size.format('higher')}.", "bad"
    low, high = 100 * abs(gap.low), 100 * gap.high
    return (
        f"Not shown yet: its {name} rate may be {low:.1f} points lower or {high:.1f} higher. More reviews would tell.",
        "",
    )


def so_far(scope: Scope, quality: Quality, label: str = "") -> str:
    n = quality.judged(scope.measure)
    of_version = f" of {label}" if label else ""
    if n >= MINIMUM:
        return f"{n} judged answers{of_version}; no earlier version was judged enough to compare."
    return f"{n} judged answers{of_version} so far; a rate needs {MINIMUM}."
