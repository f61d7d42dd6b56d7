"""The rubric editor: what is typed is kept, buttons arrange it, publishing freezes it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.rubrics.arrange import blank, change, with_keys
from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.forms import whole
from feedback.rubrics.models import Criterion, Rubric, RubricDraft
from feedback.rubrics.publish import publish
from feedback.rubrics.ready import HELPFULNESS_CRITERIA, PAIRWISE_CRITERIA
from tests import make

pytestmark = pytest.mark.once

HTMX = {"HX-Request": "true"}
YES_NO = whole({"key": "grounded", "kind": "yes_no", "label": "Grounded?"})
SCALE = whole({"key": "good", "kind": "scale", "label": "Good?", "options": {"min": 1, "max": 5}})
SEVERAL = whole(
    {
        "key": "what", "kind": "multi_choice", "label": "What is wrong?",
        "options": {
            "choices": [{"value": "tone", "label": "Tone"}, {"value": "facts", "label": "Facts", "help": "Any."}],
            "min_chosen": 1, "max_chosen": 2,
        },
        "fails_when": {"values": ["facts"]}, "asked_when": {"criterion": "good", "below": 3},
    }
)  # fmt: skip
WHY = whole({"key": "why", "kind": "text", "label": "Why?", "asked_when": {"criterion": "what", "values": ["facts"]}})


@pytest.mark.parametrize(
    "rows",
    [
        [whole(row) for row in HELPFULNESS_CRITERIA],
        [whole(row) for row in PAIRWISE_CRITERIA],
        [YES_NO, {**SCALE, "options": {"min": 0, "max": 1, "step": 0.25}}, SEVERAL, WHY],
    ],
)
def test_the_form_says_just_what_the_draft_says(editor: Any, rows: list[dict[str, Any]]) -> None:
    assert editor.post("save", rows, "Read.").status_code == 303
    draft = RubricDraft.objects.get()
    assert (draft.definitions, draft.guideline) == (rows, "Read.")
    page = editor.get()
    assert page.status_code == 200
    forms = page.context["questions"]
    assert [form["label"].value() for form in forms] == [row["label"] for row in rows]


def test_publishing_makes_the_next_version_and_ends_the_draft(editor: Any, rubric: Rubric, curator: Member) -> None:
    done = editor.post("publish", [YES_NO, SCALE, SEVERAL, WHY], "Read the sources.\r\n\r\nThen judge.")
    assert done.status_code == 303
    version = rubric.versions.get()
    assert definitions_of(version) == [YES_NO, SCALE, SEVERAL, WHY]
    assert version.guideline
    assert version.guideline.text == "Read the sources.\n\nThen judge.\n"
    assert not RubricDraft.objects.exists()
    assert AuditEvent.objects.get(verb="rubric-published").actor == str(curator.key)
    page = editor.get()
    assert page.context["next_number"] == 2
    assert [form["label"].value() for form in page.context["questions"]][0] == "Grounded?"


def test_the_same_again_is_not_published(editor: Any, rubric: Rubric) -> None:
    editor.post("publish", [YES_NO], "Read.")
    again = editor.post("publish", [YES_NO], "Read.\n")
    assert again.status_code == 422
    assert "Nothing has changed: this is version 1." in again.text
    assert rubric.versions.count() == 1


def test_a_fault_is_said_beside_its_field_and_nothing_is_lost(editor: Any, rubric: Rubric) -> None:
    wrong = {**SCALE, "options": {"min": "low", "max": 5}}
    page = editor.post("publish", [{**YES_NO, "label": ""}, wrong, SEVERAL], "Read.")
    assert page.status_code == 422
    first, second, third = page.context["questions"]
    assert (list(first.errors), list(second.errors), list(third.errors)) == (["label"], ["max"], [])
    assert second["min"].value() == "low"
    assert RubricDraft.objects.get().definitions[1]["options"]["min"] == "low"
    assert not rubric.versions.exists()


def test_a_faulty_answer_is_marked_in_its_row(editor: Any) -> None:
    entries = [{"value": "a", "label": "A"}, {"value": "b", "label": "x" * 201}]
    page = editor.post("publish", [whole({**YES_NO, "kind": "choice", "options": {"choices": entries}})])
    rows = page.context["questions"][0].rows[0]
    assert [list(form.errors) for form in rows.forms] == [[], ["label"]]


def test_autosave_answers_with_the_state_alone_and_makes_no_keys(editor: Any) -> None:
    half = {**YES_NO, "key": "", "label": "Is it gro"}
    answer = editor.post("autosave", [half], headers=HTMX)
    assert (answer.status_code, "HX-Trigger" in answer.headers) == (200, True)
    assert "<form" not in answer.text
    assert 'id="draft-state"' in answer.text
    assert RubricDraft.objects.get().definitions == [half]
    editor.post("save", [{**half, "label": "Is it grounded?"}])
    assert RubricDraft.objects.get().definitions[0]["key"] == "is-it-grounded"


def test_a_button_redraws_the_editor_and_puts_the_cursor_there(editor: Any) -> None:
    page = editor.post("add:multi_choice", [YES_NO], headers=HTMX)
    assert page.status_code == 200
    assert page.text.lstrip().startswith('<form id="editor"')
    assert page.text.count("autofocus") == 1
    plain = editor.post("add:text", [YES_NO])
    assert plain["Location"].endswith("#question-1")


def seen_by(page: Any) -> dict[str, str]:
    """What the page says it saw, as its form sends it."""
    return {"seen": re.findall(r'name="seen" value="([^"]*)"', page.text)[0]}


@pytest.mark.parametrize("other", ["save", "discard"])
def test_an_older_tab_overwrites_nothing_unasked(editor: Any, rubric: Rubric, other: str) -> None:
    publish(rubric, [YES_NO])
    editor.post("save", [YES_NO, SCALE])
    older = seen_by(editor.get())
    editor.post(other, [YES_NO, SCALE, SEVERAL], more=older)
    mine = [YES_NO, {**SCALE, "label": "How good?"}]
    refused = editor.post("save", mine, more=older)
    assert refused.status_code == 409
    assert "changed in another tab" in refused.text
    assert "How good?" in refused.text
    assert "How good?" not in str(RubricDraft.objects.values_list("definitions"))
    assert editor.post("save", mine, more=seen_by(refused)).status_code == 303
    assert RubricDraft.objects.get().definitions[1]["label"] == "How good?"


def test_two_first_saves_of_one_person_are_told_apart(editor: Any) -> None:
    fresh = seen_by(editor.get())
    assert fresh == {"seen": ""}
    assert editor.post("save", [YES_NO], more=fresh).status_code == 303
    assert editor.post("save", [SCALE], more=fresh).status_code == 409


def test_autosave_goes_on_from_its_own_save_and_stops_at_anothers(editor: Any) -> None:
    first = editor.post("autosave", [YES_NO], headers=HTMX, more={"seen": ""})
    second = editor.post("autosave", [SCALE], headers=HTMX, more=seen_by(first))
    assert (first.status_code, second.status_code) == (200, 200)
    for _ in range(2):
        older = editor.post("autosave", [SEVERAL], headers=HTMX, more=seen_by(first))
        assert older.status_code == 409
        assert seen_by(older) == seen_by(first)
    assert RubricDraft.objects.get().definitions[0]["label"] == "Good?"


def test_a_draft_is_its_authors(editor: Any, editor_of: Any, rubric: Rubric, admin: Member) -> None:
    editor.post("save", [YES_NO])
    assert editor_of(admin, rubric).get().context["questions"] == []
    assert RubricDraft.objects.count() == 1


def test_whoever_comes_second_looks_first(editor: Any, editor_of: Any, rubric: Rubric, admin: Member) -> None:
    publish(rubric, [YES_NO])
    editor.post("save", [YES_NO, SCALE])
    editor_of(admin, rubric).post("publish", [{**YES_NO, "label": "Supported?"}])
    page = editor.post("publish", [YES_NO, SCALE])
    assert page.status_code == 422
    assert "Somebody published version 2" in page.text
    assert editor.post("publish", [YES_NO, SCALE], more={"all_the_same": "on"}).status_code == 303
    assert rubric.versions.count() == 3


def test_throwing_the_first_draft_away_leaves_no_empty_rubric(editor: Any, rubric: Rubric) -> None:
    editor.post("save", [YES_NO])
    assert editor.post("discard", []).status_code == 303
    assert not Rubric.objects.filter(pk=rubric.pk).exists()


def test_throwing_a_later_draft_away_keeps_what_was_published(editor: Any, rubric: Rubric) -> None:
    publish(rubric, [YES_NO])
    editor.post("save", [SCALE])
    assert editor.post("discard", []).status_code == 303
    assert (rubric.versions.count(), RubricDraft.objects.count()) == (1, 0)


def test_an_empty_post_changes_nothing(editor: Any, rubric: Rubric) -> None:
    editor.post("save", [YES_NO])
    assert editor.client.post(editor.url, {}).status_code == 422
    assert RubricDraft.objects.get().definitions == [YES_NO]


def test_it_shows_what_changes_against_the_newest_version(editor: Any, rubric: Rubric) -> None:
    publish(rubric, [YES_NO])
    editor.post("save", [{**YES_NO, "is_required": False}, SCALE])
    page = editor.get()
    assert "Is optional now." in page.text
    assert "added" in page.text


def test_only_those_who_manage_queues_get_in(
    editor_of: Any, rubric: Rubric, reviewer: Member, moderator: Member, outsider: Member, other_project: Project
) -> None:
    for member in (reviewer, moderator):
        assert editor_of(member, rubric).get().status_code == 403
    assert editor_of(outsider, rubric).get().status_code == 404
    foreign = make.rubric_version(other_project).rubric
    foreign.project = rubric.project
    assert editor_of(make.member(rubric.project, "curator"), foreign).get().status_code == 404


def test_another_method_is_refused(editor: Any) -> None:
    assert editor.client.delete(editor.url).status_code == 405


def test_the_editor_asks_the_database_little(editor: Any, rubric: Rubric, django_assert_max_num_queries: Any) -> None:
    publish(rubric, [whole(row) for row in HELPFULNESS_CRITERIA], "Read.")
    with django_assert_max_num_queries(9):
        editor.get()


# -- the buttons


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("up:1", ["b", "a", "c"]),
        ("down:1", ["a", "c", "b"]),
        ("up:0", ["a", "b", "c"]),
        ("down:2", ["a", "b", "c"]),
        ("place:0:2", ["b", "c", "a"]),
        ("place:2:0", ["c", "a", "b"]),
        ("place:1:1", ["a", "b", "c"]),
        ("place:1:9", ["a", "b", "c"]),
        ("place:1", ["a", "b", "c"]),
        ("remove:1", ["a", "c"]),
        ("copy:0", ["a", "a-2", "b", "c"]),
        ("remove:9", ["a", "b", "c"]),
        ("remove:-1", ["a", "b", "c"]),
        ("row-add:0:choices", ["a", "b", "c"]),
        ("nonsense", ["a", "b", "c"]),
        ("add:nonsense", ["a", "b", "c"]),
    ],
)
def test_questions_are_arranged(action: str, keys: list[str]) -> None:
    rows = [{**YES_NO, "key": key} for key in "abc"]
    change(rows, action)
    assert [row["key"] for row in rows] == keys


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("row-up:0:choices:1", ["facts", "tone"]),
        ("row-down:0:choices:0", ["facts", "tone"]),
        ("row-remove:0:choices:0", ["facts"]),
        ("row-add:0:choices", ["tone", "facts", ""]),
        ("row-remove:0:choices:7", ["tone", "facts"]),
        ("row-remove:0:kinds:0", ["tone", "facts"]),
        ("row-remove:0", ["tone", "facts"]),
    ],
)
def test_answers_are_arranged(action: str, values: list[str]) -> None:
    rows = [{**SEVERAL, "options": {**SEVERAL["options"], "choices": list(SEVERAL["options"]["choices"])}}]
    change(rows, action)
    assert [entry["value"] for entry in rows[0]["options"]["choices"]] == values


def test_keys_are_made_from_words_and_differ() -> None:
    rows = [{**blank("yes_no"), "label": "Is it true?"}, {**blank("yes_no"), "label": "Is it true"}, blank("choice")]
    rows[2]["label"] = "哪一个？"
    rows[2]["options"]["choices"] = [{"value": "", "label": label} for label in ("A", "a", "好")]
    made = with_keys(rows)
    assert [row["key"] for row in made] == ["is-it-true", "is-it-true-2", "question"]
    assert [entry["value"] for entry in made[2]["options"]["choices"]] == ["a", "a-2", "好"]
    assert rows[0]["key"] == ""


@pytest.mark.parametrize("kind", Criterion.Kind.values)
def test_every_kind_can_be_added_and_edited(editor: Any, kind: str) -> None:
    assert editor.post(f"add:{kind}", []).status_code == 303
    page = editor.get()
    assert page.status_code == 200
    assert page.context["questions"][0].kind == kind


def test_markup_in_a_draft_is_harmless(editor: Any) -> None:
    editor.post("save", [{**YES_NO, "label": "<script>alert(1)</script>"}], "</textarea><script>alert(2)</script>")
    assert "<script>alert" not in editor.get().text


def test_signed_out_people_are_sent_to_sign_in(editor: Any, anonymous: Client) -> None:
    assert anonymous.get(editor.url).status_code == 302
