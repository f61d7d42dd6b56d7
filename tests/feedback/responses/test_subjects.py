"""Subjects are made once, however many ask and in whatever order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from feedback.accounts.models import Project
from feedback.responses import subjects
from feedback.responses.models import Subject, SubjectResponse
from tests import make


def test_a_response_alone_becomes_one_subject(project: Project) -> None:
    one, two = make.response(project), make.response(project)
    made = subjects.single(project, [two, one, two])
    assert [subject.key for subject in made] == [str(two.pk), str(one.pk), str(two.pk)]
    assert subjects.single(project, [one])[0] == made[1]
    assert [row.pk for row in made[1].shown()] == [one.pk]
    assert made[1].input_hash == one.input_hash


def test_a_set_is_the_same_in_any_order(project: Project) -> None:
    one, two, three = (make.response(project, question="How long?") for _ in range(3))
    pair, again, triple = subjects.sets(project, [[two.pk, one.pk], [one.pk, two.pk], [three.pk, one.pk, two.pk]])
    assert pair == again
    assert (pair.size, triple.size) == (2, 3)
    assert [row.pk for row in pair.shown()] == [one.pk, two.pk]
    assert SubjectResponse.objects.count() == 5


def test_it_takes_few_statements(project: Project, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    rows = [make.response(project) for _ in range(60)]
    with django_assert_max_num_queries(7):
        subjects.single(project, rows)
    with django_assert_max_num_queries(1):
        subjects.single(project, rows)


def test_it_refuses_responses_to_different_inputs(project: Project) -> None:
    one, two = make.response(project, question="How long?"), make.response(project, question="How much?")
    with pytest.raises(ValueError, match="same input"):
        subjects.sets(project, [[one.pk, two.pk]])


def test_it_refuses_responses_of_another_project(project: Project, other_project: Project) -> None:
    foreign = make.response(other_project)
    with pytest.raises(ValueError, match="project"):
        subjects.sets(project, [[foreign.pk]])
    with pytest.raises(ValueError, match="project"):
        subjects.single(project, [foreign])
    assert not Subject.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_askers_get_the_same_subjects() -> None:
    project = make.project()
    rows = [make.response(project, question="Same?") for _ in range(40)]
    pairs = [[a.pk, b.pk] for a, b in zip(rows, rows[1:], strict=False)]

    def ask(turn: int) -> list[int]:
        try:
            order = pairs if turn % 2 else pairs[::-1]
            return sorted(subject.pk for subject in subjects.sets(project, order))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert Subject.objects.count() == len(pairs)
    assert SubjectResponse.objects.count() == 2 * len(pairs)
