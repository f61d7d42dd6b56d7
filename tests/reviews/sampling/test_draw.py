"""What is drawn: intervals of draw keys, sizes, pairs; the same whenever it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from feedback.responses.models import Response
from feedback.statistics.draws import offset
from reviews.sampling import draw
from reviews.sampling.draw import Draw
from tests import make


def a_draw(project: Project, **choices: Any) -> Draw:
    defaults: dict[str, Any] = {
        "filter": {},
        "seed": "",
        "rate": None,
        "size": None,
        "subject_size": 1,
        "lowest": 1,
        "highest": 2**60,
    }
    return Draw(project=project, **{**defaults, **choices})


def drawn(which: Draw) -> list[int]:
    return [pk for groups in which.groups() for group in groups for pk in group]


def test_a_rate_draws_the_keys_of_its_interval(project: Project) -> None:
    rows = [make.response(project) for _ in range(60)]
    start = offset("spring")
    expected = {row.pk for row in rows if (row.draw_key - start) % 1 < 0.4}
    assert set(drawn(a_draw(project, seed="spring", rate=0.4))) == expected
    assert 0 < len(expected) < 60


def test_a_size_draws_the_first_keys_after_the_offset(project: Project) -> None:
    rows = [make.response(project) for _ in range(40)]
    start = offset("s")
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.draw_key - start) % 1)][:25]
    assert drawn(a_draw(project, seed="s", size=25)) == expected
    assert len(drawn(a_draw(project, seed="s", size=99))) == 40


@pytest.mark.parametrize("choices", [{"rate": 0.7}, {"size": 33}, {"rate": 1.0}])
def test_the_size_of_the_chunks_changes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, choices: dict[str, Any]
) -> None:
    for _ in range(50):
        make.response(project)
    whole = drawn(a_draw(project, **choices))
    monkeypatch.setattr(draw, "CHUNK", 7)
    assert drawn(a_draw(project, **choices)) == whole


def test_equal_draw_keys_lose_nobody_between_chunks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "CHUNK", 2)
    rows = [make.response(project, draw_key=0.5) for _ in range(7)]
    assert drawn(a_draw(project, rate=1.0)) == [row.pk for row in rows]


def test_it_keeps_within_its_bounds_and_its_project(project: Project, other_project: Project) -> None:
    rows = [make.response(project) for _ in range(6)]
    make.response(other_project)
    which = a_draw(project, rate=1.0, lowest=rows[1].pk, highest=rows[4].pk)
    assert set(drawn(which)) == {row.pk for row in rows[1:5]}
    assert which.population() == 4


def test_it_draws_only_what_the_filter_lets_through(project: Project) -> None:
    make.response(project, model_name="large-2")
    row = make.response(project, model_name="small-1")
    assert drawn(a_draw(project, rate=1.0, filter={"model": "small-1"})) == [row.pk]


def answers(project: Project, question: str, *made: tuple[str, str]) -> list[Response]:
    return [make.response(project, output, question=question, model_name=model) for model, output in made]


def test_a_pair_has_two_makers_and_two_outputs(project: Project) -> None:
    answers(project, "one model", ("a", "x"), ("a", "y"))
    answers(project, "one output", ("a", "x"), ("b", "x"))
    answers(project, "alone", ("a", "x"))
    good = answers(project, "good", ("a", "x"), ("b", "y"))
    which = a_draw(project, rate=1.0, subject_size=2)
    assert drawn(which) == [row.pk for row in good]
    assert which.population() == 1


def test_two_prompt_versions_of_one_model_are_a_pair(project: Project) -> None:
    one = make.response(project, "x", question="q", prompt_version=make.prompt_version(project, "v1"))
    two = make.response(project, "y", question="q", prompt_version=make.prompt_version(project, "v2"))
    assert drawn(a_draw(project, rate=1.0, subject_size=2)) == [one.pk, two.pk]


def test_every_input_that_is_counted_gives_a_pair(project: Project) -> None:
    rows = answers(project, "crossed", ("a", "x"), ("a", "y"), ("b", "x"))
    which = a_draw(project, rate=1.0, subject_size=2)
    assert which.population() == 1
    assert drawn(which) == [rows[1].pk, rows[2].pk]


def test_an_input_is_drawn_by_the_key_of_its_oldest_response(project: Project) -> None:
    for number in range(40):
        answers(project, f"q{number}", ("a", f"x{number}"), ("b", f"y{number}"), ("c", f"z{number}"))
    oldest = Response.objects.filter(model__name="a")
    start = offset("")
    expected = {row.input_hash for row in oldest if (row.draw_key - start) % 1 < 0.5}
    pairs = [group for groups in a_draw(project, rate=0.5, subject_size=2).groups() for group in groups]
    found = Response.objects.filter(pk__in=[pk for pair in pairs for pk in pair])
    assert {row.input_hash for row in found} == expected
    assert len(pairs) == len(expected)


def test_a_late_answer_makes_a_pair_with_an_old_one(project: Project) -> None:
    old = answers(project, "q", ("a", "x"))[0]
    new = answers(project, "q", ("b", "y"))[0]
    which = a_draw(project, rate=1.0, subject_size=2, lowest=new.pk)
    assert drawn(which) == [old.pk, new.pk]
    assert which.population() == 1
    assert drawn(a_draw(project, rate=1.0, subject_size=2, lowest=new.pk + 1)) == []


def test_a_set_to_rank_has_different_outputs_whoever_made_them(project: Project) -> None:
    rows = answers(project, "q", ("a", "x"), ("a", "y"), ("a", "x"), ("b", "z"))
    answers(project, "too few", ("a", "x"), ("b", "x"), ("c", "y"))
    which = a_draw(project, rate=1.0, subject_size=3)
    assert which.population() == 1
    first_x = min((rows[0], rows[2]), key=lambda row: row.draw_key)
    assert drawn(which) == sorted([first_x.pk, rows[1].pk, rows[3].pk])


def test_a_set_to_rank_is_the_first_of_the_draw_keys(project: Project) -> None:
    rows = answers(project, "q", *(("a", f"x{number}") for number in range(6)))
    first = sorted(rows, key=lambda row: row.draw_key)[:4]
    assert drawn(a_draw(project, rate=1.0, subject_size=4)) == sorted(row.pk for row in first)
