"""The finer options of a rule as fields: all may stay empty, and then ask nothing. The page folds them by group."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.forms import BoundField

from feedback.datasets.rule import Rule, filter_errors

METHODS = [
    ("consensus", "Settled by the votes of reviewers"),
    ("adjudicated", "Settled by a moderator"),
    ("imported", "Imported labels"),
]
PERSONAL = [
    ("keep", "Keep them as they are"),
    ("replace", "Put placeholders such as [EMAIL_1] in their place"),
    ("leave_out", "Leave the pair out"),
]
CONTRADICTIONS = [("leave_out", "Leave both out"), ("keep", "Keep both")]
NEAR = [("keep", "Keep them"), ("leave_out", "Keep the first only")]
PERCENT = ("min_agreement", "min_reviewer_reliability", "max_model_share", "max_reviewer_share")
COUNTS = (
    "min_prompt_characters", "max_prompt_characters", "min_answer_characters", "max_answer_characters",
    "max_per_prompt",
)  # fmt: skip
NUMBERS = ("min_rating_spread", "max_length_ratio")
WORDS = ("personal_data", "contradictions", "near_duplicates")
ASKS_NOTHING = {"contradictions": "leave_out", "near_duplicates": "keep"}
PLAIN = ("methods", "responses", "licences", "raters_agree", "user_feedback", *WORDS)


def percent(label: str, hint: str) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=100, label=label, help_text=hint)


def characters(label: str) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=10_000_000, label=label)


class RuleOptions(forms.Form):
    """Fields of a rule that most datasets leave as they are."""

    FOLDED = (
        ("Which verdicts and responses", ("methods", "responses", "licences")),
        ("Agreement", ("min_agreement", "min_reviewer_reliability", "min_rating_spread", "raters_agree")),
        ("Length", (*COUNTS[:4], "max_length_ratio")),
        ("Repeats and contradictions", ("contradictions", "near_duplicates", "max_per_prompt")),
        ("Balance", ("max_model_share", "max_reviewer_share")),
        ("Ties in the file of raw votes", ("without_ties", "without_both_bad")),
    )

    methods = forms.MultipleChoiceField(
        required=False,
        choices=METHODS,
        widget=forms.CheckboxSelectMultiple,
        label="How they were settled",
        help_text="None marked: all.",
    )
    responses = forms.CharField(
        required=False,
        max_length=2000,
        label="Responses that match",
        help_text="Filter the list of responses, then paste its address, or what stands after its question mark. "
        "All responses of a pair must match.",
    )
    licences = forms.CharField(
        required=False,
        max_length=2000,
        label="Licences that are allowed",
        help_text="Of both responses, as they carry them, with commas between: cc-by-4.0, mit. Empty: any, also none.",
    )
    min_agreement = percent(
        "Agreement at least, %", "Of the votes for one of the two, for the chosen one; ties set aside."
    )
    min_reviewer_reliability = percent(
        "Reliability of everybody who voted at least, %",
        "How often their answers to this question are right, as measured when it was settled. Who has too few answers "
        "to tell falls below any figure; rewrites and what a moderator settled are not asked.",
    )
    min_rating_spread = forms.FloatField(
        required=False,
        min_value=0,
        max_value=100,
        label="Ratings apart by at least, in standard deviations",
        help_text="Of the two responses' ratings, pooled. With 1, a difference counts only when it is larger than "
        "how far reviewers differ.",
    )
    raters_agree = forms.BooleanField(
        required=False,
        label="Everybody who rated both must agree",
        help_text="Nobody rated the rejected one as high or higher.",
    )
    min_prompt_characters = characters("Prompt at least, characters")
    max_prompt_characters = characters("Prompt at most, characters")
    min_answer_characters = characters("Each answer at least, characters")
    max_answer_characters = characters("Each answer at most, characters")
    max_length_ratio = forms.FloatField(
        required=False,
        min_value=1,
        max_value=1_000_000,
        label="Longer answer at most so many times the shorter one",
        help_text="Such as 3.",
    )
    contradictions = forms.ChoiceField(
        required=False,
        choices=CONTRADICTIONS,
        label="Two judgements that prefer each other's loser",
        help_text="About the same two texts.",
    )
    near_duplicates = forms.ChoiceField(
        required=False,
        choices=NEAR,
        label="Pairs that say nearly the same",
        help_text="Question and both answers share four of five runs of five words. Exact repeats never come twice.",
    )
    max_per_prompt = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1_000_000,
        label="Pairs of one question at most",
        help_text="Questions that say nearly the same count as one.",
    )
    max_model_share = percent("Two models at most, % of the pairs", "For each model that was chosen over another.")
    max_reviewer_share = percent("One reviewer at most, % of the judgements", "Counted over the pairs that stay.")
    without_ties = forms.BooleanField(required=False, label="Leave out comparisons settled as a tie")
    without_both_bad = forms.BooleanField(
        required=False,
        label="Leave out comparisons where neither was good enough",
        help_text="Neither ever becomes a pair.",
    )
    user_feedback = forms.BooleanField(
        required=False,
        label="Take end users' feedback",
        help_text="Of two judged responses to the same input, the one scored above zero over the one scored below.",
    )
    personal_data = forms.ChoiceField(
        required=False,
        choices=PERSONAL,
        widget=forms.RadioSelect,
        label="Personal data and secrets",
        help_text="E-mail addresses, telephone and card numbers, bank accounts, network addresses, keys of services. "
        "Names are not found.",
    )

    def clean_licences(self) -> list[str]:
        return list(dict.fromkeys(filter(None, map(str.strip, self.cleaned_data["licences"].split(",")))))

    def clean_responses(self) -> str:
        """What stands after the question mark, without what a list has besides."""
        text = self.cleaned_data["responses"].strip()
        query = urlsplit(text).query if "?" in text else text
        if errors := filter_errors(query):
            raise forms.ValidationError(errors)
        return query

    def options(self) -> dict[str, Any]:
        """As a rule has them."""
        data, default = self.cleaned_data, Rule()
        found: dict[str, Any] = {name: data[name] or getattr(default, name) for name in PLAIN}
        found |= {name: data[name] or 0 for name in COUNTS}
        found |= {name: float(data[name] or 0) for name in NUMBERS}
        found |= {name: (data[name] or 0) / 100 for name in PERCENT}
        return {
            **found,
            "ties_in_votes": not data["without_ties"],
            "both_bad_in_votes": not data["without_both_bad"],
        }

    def folded(self) -> list[dict[str, Any]]:
        """The groups of fields that the page folds, open where something is asked or wrong."""
        return [self.group(title, [self[name] for name in names]) for title, names in self.FOLDED]

    def group(self, title: str, fields: list[BoundField]) -> dict[str, Any]:
        nothing: list[tuple[Any, ...]] = [(None, "", False, [], ASKS_NOTHING.get(field.name)) for field in fields]
        is_used = any(field.errors or field.value() not in none for field, none in zip(fields, nothing, strict=True))
        return {"title": title, "fields": fields, "is_open": is_used}


def initial_options(rule: Rule) -> dict[str, Any]:
    """The fields of a rule: what asks nothing is empty."""
    found: dict[str, Any] = {name: getattr(rule, name) for name in PLAIN}
    found |= {name: getattr(rule, name) or None for name in (*COUNTS, *NUMBERS)}
    found |= {name: round(100 * getattr(rule, name)) or None for name in PERCENT}
    found["licences"] = ", ".join(rule.licences)
    return {**found, "without_ties": not rule.ties_in_votes, "without_both_bad": not rule.both_bad_in_votes}
