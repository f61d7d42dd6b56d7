"""Looking for many rows at once, whatever their names hold."""

from __future__ import annotations

import pytest

from feedback.accounts.models import Project
from feedback.among import Among
from tests import make

ODD = ["", "plain", '"', "\\", '\\"', "a,b", "{}", "NULL", "null", "'", " spaces ", "line\nline", "%s", "é 家 👩‍👩‍👧‍👦"]

pytestmark = pytest.mark.django_db


def test_each_name_finds_its_own_row_and_no_other() -> None:
    for number, name in enumerate(ODD):
        make.project(f"odd-{number}", name=name)
    for name in ODD:
        found = Project.objects.filter(Among("name", [name]), slug__startswith="odd-")
        assert [project.name for project in found] == [name]
    everything = Project.objects.filter(Among("name", ODD), slug__startswith="odd-")
    assert {project.name for project in everything} == set(ODD)


def test_ids_are_looked_for_alike_and_none_finds_none() -> None:
    project = make.project("some")
    assert Project.objects.filter(Among("pk", {project.pk, 2**40})).get() == project
    assert not Project.objects.filter(Among("pk", [])).exists()
    assert not Project.objects.filter(Among("name", [])).exists()
