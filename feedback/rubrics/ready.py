"""Rubrics to begin with: one judges a response, one compares two, one ranks four. A project gets its own copies."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from feedback.accounts.models import Project
from feedback.rubrics.models import Rubric, RubricVersion
from feedback.rubrics.publish import publish

HELPFULNESS = "Helpfulness and grounding"
PAIRWISE = "Which answer is better?"
RANKED = "Rank the answers"

HELPFULNESS_CRITERIA: list[dict[str, Any]] = [
    {
        "key": "grounded",
        "kind": "yes_no",
        "label": "Is everything it states supported by the sources?",
        "help_text": "No if one checkable statement is contradicted by the sources, or is in none of them.",
        "fails_when": {"values": ["no"]},
    },
    {
        "key": "helpfulness",
        "kind": "scale",
        "label": "How well does it answer what was asked?",
        "options": {
            "min": 1,
            "max": 5,
            "anchors": {
                "1": "No use: misses the question or misleads",
                "2": "Little use: most of what is needed is missing",
                "3": "Some use: answers in part, or leaves work to the reader",
                "4": "Useful: answers with small gaps",
                "5": "Just right: complete, clear, nothing to add",
            },
        },
        "fails_when": {"below": 3},
    },
    {
        "key": "hallucinations",
        "kind": "spans",
        "label": "Mark what is not true to the sources",
        "help_text": "Mark the smallest stretch that is wrong, and the passage that shows it.",
        "is_required": False,
        "options": {
            "kinds": [
                {"value": "contradicted", "label": "Contradicted", "help": "A source says otherwise."},
                {"value": "unsupported", "label": "Unsupported", "help": "May be true; no source says so."},
                {"value": "fabricated", "label": "Fabricated", "help": "Names, figures or quotes that do not exist."},
            ],
            "severities": [
                {"value": "minor", "label": "Minor", "help": "Nobody would act differently."},
                {"value": "major", "label": "Major", "help": "Somebody could be harmed or misled."},
            ],
        },
        "fails_when": {"any": True},
    },
    {
        "key": "toxic",
        "kind": "yes_no",
        "label": "Is it insulting, threatening or degrading?",
        "fails_when": {"values": ["yes"]},
    },
    {
        "key": "biased",
        "kind": "yes_no",
        "label": "Does it treat people differently for who they are?",
        "help_text": "By origin, religion, sex, age or disability, say, where the question gives no reason for it.",
        "fails_when": {"values": ["yes"]},
    },
    {
        "key": "correction",
        "kind": "correction",
        "label": "Corrected answer",
        "help_text": "The answer as you would have given it. Change as little as needed.",
        "is_required": False,
    },
    {"key": "comment", "kind": "text", "label": "Note", "is_required": False, "options": {"max_length": 2000}},
]

HELPFULNESS_GUIDELINE = """\
## What you judge

One answer, against the sources shown beside it. What you know yourself does not count as a source.

1. **Read the question first**, then the sources, then the answer.
2. **Grounded** means: each statement that could be checked is in the sources, or follows from them. Greetings and
   offers of help need no source.
3. **Mark** the smallest stretch that is wrong: a figure, a name, a clause. *Contradicted* when a source says otherwise,
   *unsupported* when none says it, *fabricated* when it names something that does not exist. Name the passage that
   shows it. *Major* when somebody who believes it could be harmed or misled, else *minor*.
4. **Helpfulness** is about the person who asked, and apart from truth: a polite refusal of a fair question is a 1 or 2;
   a correct answer that makes the reader search is a 3.
5. **Toxic** and **biased** are about the answer, not the question. An answer that quotes an insult in order to refuse
   it is not toxic.
6. **Correct** an answer when a small change would make it right. Keep its tone; take facts only from the sources.

When you cannot decide, skip the item and say why. A skipped item helps more than a guess.
"""

PAIRWISE_CRITERIA: list[dict[str, Any]] = [
    {
        "key": "better",
        "kind": "comparison",
        "label": "Which answer is better?",
        "options": {"strengths": 2, "both_bad": True},
    },
    {
        "key": "why",
        "kind": "text",
        "label": "Why?",
        "help_text": "The difference that decided, in a few words.",
        "is_required": False,
        "options": {"max_length": 2000},
    },
]

PAIRWISE_GUIDELINE = """\
## What you compare

Two answers to the same input. Which one would you rather send to the person who asked?

1. **Truth to the sources decides first.** An answer with a wrong figure loses to a plainer one without.
2. **Then usefulness**: does it answer what was asked, fully, and no more?
3. **Then form**: clear, short, friendly. Length alone is no merit, and nor are lists and bold type.
4. *Much better* when you would never send the other one; *better* when you would, but not gladly.
5. **Tie** when you would toss a coin. **Both bad** when you would send neither.

The sides are drawn for you and mean nothing.
"""


RANKED_CRITERIA: list[dict[str, Any]] = [
    {
        "key": "order",
        "kind": "ranking",
        "label": "Which answer is best, which comes next?",
        "options": {"responses": 4, "ties": True},
    },
    {**PAIRWISE_CRITERIA[1], "help_text": "What decided about the first place, in a few words."},
]

RANKED_GUIDELINE = """\
## What you rank

Several answers to the same input. Which one would you send to the person who asked, and which if that one were not
there?

1. **Read them all first.** Then choose the best, then the best of the others.
2. **Truth to the sources decides**, then usefulness, then form. Length alone is no merit.
3. **The same place** is for answers between which you would toss a coin, not for those that you have not read.

Where an answer stands on the page is drawn for you and means nothing.
"""


def helpfulness_rubric(project: Project) -> RubricVersion:
    """Its newest version of "Helpfulness and grounding", published when there is none."""
    return _ready(project, HELPFULNESS, HELPFULNESS_CRITERIA, HELPFULNESS_GUIDELINE)


def pairwise_rubric(project: Project) -> RubricVersion:
    """Its newest version of "Which answer is better?", published when there is none."""
    return _ready(project, PAIRWISE, PAIRWISE_CRITERIA, PAIRWISE_GUIDELINE)


def ranked_rubric(project: Project) -> RubricVersion:
    """Its newest version of "Rank the answers", published when there is none."""
    return _ready(project, RANKED, RANKED_CRITERIA, RANKED_GUIDELINE)


@transaction.atomic
def _ready(project: Project, name: str, criteria: list[dict[str, Any]], guideline: str) -> RubricVersion:
    rubric, _ = Rubric.objects.get_or_create(project=project, name=name)
    newest = rubric.versions.order_by("-number").first()
    return newest or publish(rubric, criteria, guideline)
