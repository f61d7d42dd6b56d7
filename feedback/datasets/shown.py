"""A pair as it is read: the question, the two answers with what differs, and where it comes from in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from feedback.datasets.conversation import text_of
from feedback.datasets.models import PreferencePair
from feedback.text.diff import differing
from feedback.text.render import Mark

EXCERPT = 3_000  # characters of a text in a list
METHODS = {
    "consensus": "by the votes of its reviewers",
    "adjudicated": "by a moderator",
    "imported": "from imported labels",
}

NOTHING: list[dict[str, Any]] = [{"content": ""}]  # of a pair that was erased

Fact = dict[str, str]  # label, value, and sometimes url


def shown(pair: PreferencePair, slug: str, *, marks: bool = False, length: int | None = EXCERPT) -> dict[str, Any]:
    """For the pair template. `marks`: with the words that only one of the two answers has."""
    turns = [{"role": turn["role"], "text": cut(text_of(turn.get("content")), length)} for turn in pair.prompt]
    sides: list[dict[str, Any]] = [
        {"name": name, "text": cut(text_of(side[0].get("content")), length), "calls": calls(side[0])}
        for name, side in (("Chosen", pair.chosen or NOTHING), ("Rejected", pair.rejected or NOTHING))
    ]
    if marks:
        stretches = differing(sides[0]["text"], sides[1]["text"])
        for side, found, kind in zip(sides, stretches, ("only-chosen", "only-rejected"), strict=True):
            side["marks"] = [Mark(at, start, end, kind) for at, (start, end) in enumerate(found)]
    return {
        "pair": pair,
        "question": turns[-1] if turns else {"role": "user", "text": ""},
        "earlier": turns[:-1],
        "sides": sides,
        "marks": marks,
        "votes": votes_words(pair),
        "facts": list(facts(pair, slug)),
        "reasons": pair.provenance.get("reasons", []),
    }


def cut(text: str, length: int | None) -> str:
    return text if length is None or len(text) <= length else f"{text[:length]}…"


def calls(message: dict[str, Any]) -> list[str]:
    """The names of the tools that an answer calls."""
    return [str(call.get("function", {}).get("name", "")) for call in message.get("tool_calls", [])]


def votes_words(pair: PreferencePair) -> str:
    """In a few words, how the one came to be preferred."""
    if pair.source == PreferencePair.Source.CORRECTION:
        return "rewritten by a reviewer"
    if pair.source == PreferencePair.Source.RATING:
        return f"rated {pair.strength or 0:g} point{'' if pair.strength == 1 else 's'} higher"
    return f"{pair.votes_for} of {pair.n_votes} vote{'' if pair.n_votes == 1 else 's'}" if pair.n_votes else "no votes"


def facts(pair: PreferencePair, slug: str) -> Iterator[Fact]:
    """Where it comes from, one line each; what is not known is left out."""
    origin = pair.provenance
    yield {"label": "How it was preferred", "value": agreement(pair)}
    if pair.erased_at:
        return
    yield {"label": "Judged", "value": f"“{pair.criterion}” in {origin.get('rubric') or 'a rubric'}"}
    if origin.get("method"):
        method = METHODS.get(origin["method"], origin["method"])
        people = origin.get("reviewers", [])
        by = f", {len(people)} reviewer{'' if len(people) == 1 else 's'}: {', '.join(people)}" if people else ""
        yield {"label": "Settled", "value": f"{method} in the queue {origin.get('queue', '')}{by}"}
    if origin.get("guideline"):
        yield {"label": "Guideline", "value": origin["guideline"]}
    yield from (side(pair, slug, name) for name in ("chosen", "rejected"))
    if origin.get("sampling_rule"):
        chance = origin.get("inclusion_probability")
        words = "" if chance is None else f", where each had a chance of {100 * chance:.3g} % to be drawn"
        yield {"label": "Drawn", "value": f"by {origin['sampling_rule']}{words}"}


def agreement(pair: PreferencePair) -> str:
    """Votes or ratings with their strength, as a sentence."""
    if pair.source == PreferencePair.Source.CORRECTION:
        return f"Rewritten by {pair.provenance.get('rewritten_by', 'a reviewer')}."
    if pair.source == PreferencePair.Source.RATING:
        high, low = (*pair.provenance.get("means", ()), 0, 0)[:2]
        return f"Rated {high:g} on average, the other {low:g}, by {pair.n_votes} or more each."
    if pair.source == PreferencePair.Source.RANKING and pair.provenance:
        better, worse = pair.provenance["places"]
        return f"Place {better} over place {worse} of {pair.provenance['ranked']} ranked. {votes_in_words(pair)}"
    return votes_in_words(pair)


def votes_in_words(pair: PreferencePair) -> str:
    if not pair.n_votes:
        return "A moderator decided without votes."
    words = f"{pair.votes_for} of {pair.n_votes} votes for it ({100 * pair.vote_share:.0f} %)"
    words += f", {pair.votes_against} against" if pair.votes_against else ""
    words += f", {pair.votes_tied} for neither" if pair.votes_tied else ""
    return f"{words}; {pair.strength:.2g} of 3 in strength." if pair.strength else f"{words}."


def side(pair: PreferencePair, slug: str, name: str) -> Fact:
    """One of the two responses: which model, under which prompt, and where it is."""
    about = pair.provenance.get(name, {})
    pk = pair.rejected_response_id if name == "rejected" else pair.chosen_response_id or pair.rejected_response_id
    made = [f"rewrite of {about.get('external_id', '')}" if about.get("rewritten") else about.get("external_id", "")]
    made += [f"by {about['model']}"] if about.get("model") else []
    made += [f"with prompt {about['prompt_version']}"] if about.get("prompt_version") else []
    url = reverse("responses:response-detail", args=[slug, pk])
    return {"label": name.capitalize(), "value": " ".join(made), "url": url}
