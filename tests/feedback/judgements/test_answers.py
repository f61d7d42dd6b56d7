"""Every kind of answer: what passes, what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.judgements.answers import check_answers
from feedback.judgements.material import Material, SourceText, cited_passages
from feedback.judgements.refusal import AnswersRefused
from feedback.rubrics.models import Criterion
from feedback.text.hashes import digest, sha256_text

OUTPUT, SOURCE = "Pay 👩‍👩‍👧 in 30 days.", "In 14 days 🧾."
KINDS = {
    "kinds": [{"value": "contradicted", "label": "Contradicted"}, {"value": "fabricated", "label": "Fabricated"}],
    "severities": [{"value": "minor", "label": "Minor"}, {"value": "major", "label": "Major"}],
}
MARK = {"start": 4, "end": 9, "quote": "👩‍👩‍👧", "kind": "fabricated", "severity": "minor"}


def source(response: int, text: str) -> SourceText:
    return SourceText(response, text, sha256_text(text))


SINGLE = Material({1: source(1, OUTPUT)}, {5: source(1, SOURCE)})
PAIR = Material({1: source(1, "In May."), 2: source(2, "In June.")}, {5: source(1, SOURCE)})


def check(
    kind: str, value: Any, options: dict[str, Any] | None = None, material: Material = SINGLE, **fields: Any
) -> Any:
    criterion = Criterion(key="q", kind=kind, options=options or {}, label="?", **fields)
    return check_answers(material, [criterion], {"q": value}).answers.get("q")


def errors(kind: str, value: Any, options: dict[str, Any] | None = None, material: Material = SINGLE) -> list[str]:
    with pytest.raises(AnswersRefused) as refusal:
        check(kind, value, options, material)
    assert all(error["detail"].endswith((".", "?")) for error in refusal.value.errors)
    return [error["pointer"] for error in refusal.value.errors]


SCALE = {"min": 1, "max": 5}


@pytest.mark.parametrize("value", [1, 5, 3.0])
def test_a_scale_takes_its_points(value: Any) -> None:
    found = check("scale", value, SCALE)
    assert found == value
    assert isinstance(found, int)


@pytest.mark.parametrize("value", [0, 6, 2.5, "3", True, [3], float("inf"), float("nan"), 10**30])
def test_a_scale_refuses_what_is_no_point_of_it(value: Any) -> None:
    assert errors("scale", value, SCALE)


def test_a_scale_with_a_step_takes_its_fractions() -> None:
    options = {"min": 0, "max": 1, "step": 0.1}
    assert check("scale", 0.3, options) == 0.3
    assert check("scale", 0.7, options) == 0.7
    assert errors("scale", 0.35, options) == ["/q"]


def test_unsure_needs_to_be_offered() -> None:
    assert check("yes_no", "unsure", {"unsure": True}) == "unsure"
    assert errors("yes_no", "unsure") == ["/q"]
    assert errors("yes_no", True) == ["/q"]


def test_a_choice_is_one_of_the_values() -> None:
    options = {"choices": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]}
    assert check("choice", "b", options) == "b"
    for value in ("B", "", ["a"], 1):
        assert errors("choice", value, options)


def test_a_text_has_a_greatest_length() -> None:
    assert check("text", "🧾" * 10_000) == "🧾" * 10_000
    assert errors("text", "x" * 10_001) == ["/q"]
    assert errors("text", "abc", {"max_length": 2}) == ["/q"]
    for value in (7, "NUL \0", "\ud800"):
        assert errors("text", value) == ["/q"]


@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_an_empty_answer_is_none(empty: Any) -> None:
    assert check("text", empty, is_required=False) is None
    assert check("correction", empty, is_required=False) is None
    assert errors("text", empty) == ["/q"]


def test_a_comparison_takes_its_outcomes() -> None:
    options = {"strengths": 2, "both_bad": True}
    chosen = {"outcome": "preferred", "preferred": 2, "strength": 2}
    assert check("comparison", chosen, options, PAIR) == chosen
    assert check("comparison", {"outcome": "tie"}, options, PAIR) == {"outcome": "tie"}
    nothing = {"outcome": "both_bad", "preferred": None, "strength": None}
    assert check("comparison", nothing, options, PAIR) == {"outcome": "both_bad"}
    plain = {"outcome": "preferred", "preferred": 1}
    assert check("comparison", plain, {}, PAIR) == plain | {"strength": 1}


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"outcome": "both_bad"}, "/q/outcome"),
        ({"outcome": "left"}, "/q/outcome"),
        ("tie", "/q/outcome"),
        ({"outcome": "preferred"}, "/q/preferred"),
        ({"outcome": "preferred", "preferred": 3, "strength": 1}, "/q/preferred"),
        ({"outcome": "preferred", "preferred": True, "strength": 1}, "/q/preferred"),
        ({"outcome": "preferred", "preferred": 1}, "/q/strength"),
        ({"outcome": "preferred", "preferred": 1, "strength": 3}, "/q/strength"),
        ({"outcome": "preferred", "preferred": 1, "strength": 1.0}, "/q/strength"),
        ({"outcome": "tie", "strength": 1}, "/q/strength"),
        ({"outcome": "tie", "a/b": 1}, "/q/a~1b"),
    ],
)
def test_a_comparison_refuses_the_rest(value: Any, pointer: str) -> None:
    assert errors("comparison", value, {"strengths": 2}, PAIR) == [pointer]


def test_a_single_response_cannot_be_compared() -> None:
    assert errors("comparison", {"outcome": "tie"}) == ["/q"]


def test_a_correction_names_its_response_unless_there_is_one() -> None:
    assert check("correction", "In May, yes.") == {"response": 1, "text": "In May, yes."}
    chosen = {"response": 2, "text": "In July."}
    assert check("correction", chosen, material=PAIR) == chosen
    assert errors("correction", "In July.", material=PAIR) == ["/q/response"]
    assert errors("correction", {"response": 9, "text": "In July."}, material=PAIR) == ["/q/response"]


def test_a_correction_corrects_something() -> None:
    assert errors("correction", OUTPUT) == ["/q/text"]
    lines = Material({1: source(1, "a\nb")})
    assert errors("correction", "a\r\nb", material=lines) == ["/q/text"]
    assert errors("correction", {"text": "x", "colour": "red"}) == ["/q"]
    assert errors("correction", "x" * 100_001) == ["/q/text"]


def test_marks_keep_their_order_and_name_their_response() -> None:
    note = MARK | {"note": "Who?", "evidence": {"passage": 5, "start": 3, "end": 5, "quote": "14"}}
    assert check("spans", [note, MARK], KINDS) == [{"response": 1} | note, {"response": 1} | MARK]
    in_source = {"start": 11, "end": 12, "quote": "🧾", "kind": "fabricated", "severity": "minor", "passage": 5}
    assert check("spans", [in_source], KINDS) == [{"response": 1} | in_source]
    whole = MARK | {"evidence": {"passage": 5}, "text_hash": sha256_text(OUTPUT), "note": ""}
    assert check("spans", [whole], KINDS) == [{"response": 1, **MARK, "evidence": {"passage": 5}}]


def test_marking_nothing_is_an_answer_and_sending_nothing_is_not() -> None:
    assert check("spans", [], KINDS) == []
    assert check("spans", None, KINDS, is_required=False) == []
    assert errors("spans", None, KINDS) == ["/q"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"start": 5}, "/q/0/quote"),
        ({"start": 4, "end": 4, "quote": ""}, "/q/0/start"),
        ({"start": -1}, "/q/0/start"),
        ({"end": 99}, "/q/0/start"),
        ({"start": 4.0}, "/q/0/start"),
        ({"quote": None}, "/q/0/quote"),
        ({"kind": "odd"}, "/q/0/kind"),
        ({"kind": ["fabricated"]}, "/q/0/kind"),
        ({"severity": "huge"}, "/q/0/severity"),
        ({"severity": None}, "/q/0/severity"),
        ({"note": "x" * 2001}, "/q/0/note"),
        ({"response": 2}, "/q/0/response"),
        ({"passage": 6}, "/q/0/passage"),
        ({"passage": 5}, "/q/0/quote"),
        ({"text_hash": "x"}, "/q/0/text_hash"),
        ({"colour": "red"}, "/q/0"),
        ({"evidence": {"passage": 6}}, "/q/0/evidence/passage"),
        ({"evidence": 5}, "/q/0/evidence"),
        ({"evidence": {"passage": 5, "quote": "14"}}, "/q/0/evidence/start"),
        ({"evidence": {"passage": 5, "start": 0, "end": 2, "quote": "14"}}, "/q/0/evidence/quote"),
    ],
)
def test_a_mark_is_refused_where_it_is_wrong(change: dict[str, Any], pointer: str) -> None:
    assert errors("spans", [MARK | change, MARK], KINDS) == [pointer]


def test_severity_is_only_taken_where_it_is_asked_for() -> None:
    plain = {"kinds": KINDS["kinds"]}
    assert errors("spans", [MARK], plain) == ["/q/0/severity"]
    assert check("spans", [MARK | {"severity": ""}], plain) == [
        {"response": 1, **{k: v for k, v in MARK.items() if k != "severity"}}
    ]


def test_every_wrong_mark_is_named() -> None:
    assert errors("spans", [MARK | {"kind": "odd"}, MARK, 7], KINDS) == ["/q/0/kind", "/q/2"]
    assert errors("spans", "all", KINDS) == ["/q"]
    assert errors("spans", [MARK] * 501, KINDS) == ["/q"]


def test_everything_wrong_is_said_at_once_and_unknown_keys_are_refused() -> None:
    rows = [Criterion(key="a", kind="yes_no", label="?"), Criterion(key="b", kind="scale", options=SCALE, label="?")]
    with pytest.raises(AnswersRefused) as refusal:
        check_answers(SINGLE, rows, {"b": 9, "x/y": 1})
    assert [error["pointer"] for error in refusal.value.errors] == ["/x~1y", "/a", "/b"]
    nonsense: list[Any] = [[], "x", None]
    for answers in nonsense:
        with pytest.raises(AnswersRefused):
            check_answers(SINGLE, rows, answers)


def test_the_digest_depends_on_the_meaning_alone() -> None:
    rows = [
        Criterion(key="a", kind="scale", options=SCALE, label="?"),
        Criterion(key="b", kind="text", label="?", is_required=False),
    ]
    digests = {check_answers(SINGLE, rows, answers).digest for answers in ({"a": 3}, {"a": 3.0}, {"b": "", "a": 3})}
    assert digests == {digest({"a": 3})}


TEXTS = st.text(st.sampled_from("ab \n👩🧾é\u0301\u200d\u202e𝒳"), min_size=1, max_size=40)


@given(TEXTS, st.data())
def test_any_true_span_passes_and_any_other_quote_is_refused(text: str, data: Any) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    mark = {"start": start, "end": end, "quote": text[start:end], "kind": "fabricated", "severity": "minor"}
    material = Material({1: source(1, text)})
    [checked] = check("spans", [mark], KINDS, material)
    assert text[checked["start"] : checked["end"]] == checked["quote"]
    other = data.draw(TEXTS)
    if other != text[start:end]:
        assert errors("spans", [mark | {"quote": other}], KINDS, material) == ["/q/0/quote"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(Criterion.Kind.values),
    JSON
    | st.fixed_dictionaries({}, optional={"outcome": st.just("tie"), "start": JSON, "text": JSON, "response": JSON}),
)
def test_nonsense_is_refused_and_never_breaks_anything(kind: str, value: Any) -> None:
    none: dict[str, Any] = {"choices": []}
    of_steps = {**none, "of": "step"}
    known: dict[str, Any] = {"scale": SCALE, "spans": KINDS, "choice": none, "multi_choice": none, "per_turn": of_steps}
    options = known.get(kind, {})
    cited_passages({"q": value})
    for given_value in (value, [value]):
        try:
            check(kind, given_value, options, PAIR)
        except AnswersRefused as refusal:
            assert refusal.errors  # noqa: PT017


def test_cited_passages_are_found_whatever_else_is_wrong() -> None:
    marks = [
        {"passage": 3, "evidence": {"passage": 4}},
        {"passage": True},
        7,
        {"evidence": "x"},
        {"passage": -1},
        {"passage": 2**70},
    ]
    assert cited_passages({"a": marks, "b": "x"}) == {3, 4}
    assert cited_passages(None) == set()


SEVERAL = {"choices": [{"value": v, "label": v.upper()} for v in "abc"]}


def test_a_choice_of_several_is_kept_in_the_order_of_the_rubric() -> None:
    assert check("multi_choice", ["c", "a"], SEVERAL) == ["a", "c"]
    assert check("multi_choice", [], {**SEVERAL, "min_chosen": 0}) == []
    assert check("multi_choice", [], SEVERAL, is_required=False) is None
    assert check("multi_choice", None, {**SEVERAL, "min_chosen": 0}, is_required=False) is None


@pytest.mark.parametrize("value", [None, [], "a", ["z"], [1], ["a", "a"], [["a"]], {"a": True}])
def test_a_choice_of_several_refuses_what_was_not_offered(value: Any) -> None:
    assert errors("multi_choice", value, SEVERAL) == ["/q"]


def test_a_choice_of_several_has_a_fewest_and_a_most() -> None:
    limits = {**SEVERAL, "min_chosen": 2, "max_chosen": 2}
    assert check("multi_choice", ["b", "a"], limits) == ["a", "b"]
    assert errors("multi_choice", ["a"], limits) == ["/q"]
    assert errors("multi_choice", ["a", "b", "c"], limits) == ["/q"]
    assert errors("multi_choice", None, {**SEVERAL, "min_chosen": 0}) == ["/q"]


def waiting() -> list[Criterion]:
    """Is it wrong; how bad; and what would have been right, asked only when it is very bad."""
    return [
        Criterion(key="wrong", kind="yes_no", label="Wrong?"),
        Criterion(
            key="bad", kind="scale", label="How bad?", options=SCALE,
            asked_when={"criterion": "wrong", "values": ["yes"]},
        ),
        Criterion(key="why", kind="text", label="Why?", asked_when={"criterion": "bad", "at_least": 4}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        {"wrong": "no"},
        {"wrong": "no", "why": "  ", "bad": None},
        {"wrong": "yes", "bad": 3},
        {"wrong": "yes", "bad": 5, "why": "It says May."},
    ],
)
def test_only_what_is_asked_needs_an_answer(answers: dict[str, Any]) -> None:
    checked = check_answers(SINGLE, waiting(), answers)
    assert checked.answers == {key: value for key, value in answers.items() if value not in (None, "  ")}


@pytest.mark.parametrize(
    ("answers", "pointers"),
    [
        ({"wrong": "no", "bad": 2}, ["/bad"]),
        ({"wrong": "no", "why": "So."}, ["/why"]),
        ({"wrong": "yes"}, ["/bad"]),
        ({"wrong": "yes", "bad": 4}, ["/why"]),
        ({"wrong": "yes", "bad": 2, "why": "So."}, ["/why"]),
        ({"wrong": "perhaps", "bad": 9, "why": "So."}, ["/wrong"]),
        ({"bad": 2}, ["/wrong"]),
    ],
)
def test_an_answer_nobody_asked_for_is_refused(answers: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(AnswersRefused) as refusal:
        check_answers(SINGLE, waiting(), answers)
    assert [error["pointer"] for error in refusal.value.errors] == pointers


def test_a_refusal_says_when_it_would_be_asked() -> None:
    with pytest.raises(AnswersRefused, match="asked only if “Wrong\\?” is Yes"):
        check_answers(SINGLE, waiting(), {"wrong": "no", "bad": 2})


def test_marks_can_ask_for_more() -> None:
    rows = [
        Criterion(key="flags", kind="spans", label="Mark", options=KINDS, is_required=False),
        Criterion(key="why", kind="text", label="Why?", asked_when={"criterion": "flags", "any": True}),
    ]
    assert check_answers(SINGLE, rows, {"flags": []}).answers == {"flags": []}
    assert check_answers(SINGLE, rows, {"flags": [MARK], "why": "So."}).answers["why"] == "So."
