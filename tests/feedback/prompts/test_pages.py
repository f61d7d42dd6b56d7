"""The list of prompts, a prompt, a version, and two versions compared."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.prompts.models import Prompt, PromptVersion
from feedback.prompts.views import PAGE
from tests import make

URL = "/p/travel/prompts/"
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def browser(curator: Member) -> make.SignedIn:
    return make.SignedIn(curator)


def version(project: Project, label: str, system: str = "", template: str = "", name: str = "claims") -> PromptVersion:
    row = make.prompt_version(project, label, name=name)
    row.write(template, system, {"temperature": 0.2})
    return row


def test_the_list_shows_each_prompt_with_its_newest_version(browser: make.SignedIn, project: Project) -> None:
    version(project, "v6")
    newest = version(project, "v7")
    page = browser.get(URL)
    assert page.status_code == 200
    for words in ("claims", "v7", f"{URL}versions/{newest.pk}/", "1 prompt", '<td class="n">2</td>'):
        assert words in page.text, words
    assert ">v6<" not in page.text  # a token may hold the bare letters


def test_the_list_is_searched_in_names_labels_and_texts(browser: make.SignedIn, project: Project) -> None:
    version(project, "v1", system="Name the clause.")
    version(project, "2026-b", name="greeting")
    for query, found in (("clai", "claims"), ("the CLAUSE", "claims"), ("2026", "greeting")):
        page = browser.get(f"{URL}?q={query}")
        assert [row.name for row in page.context["rows"]] == [found], query
    assert "Nothing matches" in browser.get(f"{URL}?q=nowhere").text
    wrong = browser.get(f"{URL}?q={'x' * 300}")
    assert wrong.status_code == 422
    assert "x" * 300 in wrong.text


def test_the_list_is_paged_by_key_with_few_queries(
    browser: make.SignedIn, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Prompt.objects.bulk_create(Prompt(project=project, name=f"prompt {n}") for n in range(PAGE + 3))
    with django_assert_max_num_queries(10):
        first = browser.get(f"{URL}?q=prompt")
    assert len(first.context["rows"]) == PAGE
    second = browser.get(URL + first.context["next_url"])
    assert len(second.context["rows"]) == 3
    assert second.context["first_url"] == "?q=prompt"
    assert browser.get(f"{URL}?before={'9' * 30}").status_code == 200


def test_htmx_gets_only_the_table(browser: make.SignedIn, project: Project) -> None:
    part = browser.get(f"{URL}?q=", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="prompts">')
    assert part["HX-Push-Url"] == f"{URL}?"
    assert "the prompt appears here on first sight" in browser.get(URL).text


def test_a_prompt_lists_its_versions_newest_first(
    browser: make.SignedIn, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = version(project, "v1", "Be brief.")
    make.prompt_version(project, "v2", name="claims")
    with django_assert_max_num_queries(10):
        page = browser.get(f"{URL}{first.prompt_id}/")
    assert page.text.index(">v2</a>") < page.text.index(">v1</a>")
    for words in ("Be brief.", "only its label is known", f"/overview/prompts/{first.prompt_id}/", "Compare"):
        assert words in page.text, words
    part = browser.get(f"{URL}{first.prompt_id}/", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section id="versions"')


def test_a_version_shows_its_texts_and_its_neighbours(
    browser: make.SignedIn, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    older, middle, newer = (version(project, label, f"System {label}", "{{question}}") for label in ("a", "b", "c"))
    with django_assert_max_num_queries(10):
        page = browser.get(f"{URL}versions/{middle.pk}/")
    for words in ("System b", "{{question}}", "temperature", "0.2", "It never changes.", f"versions/{older.pk}/",
                  f"versions/{newer.pk}/", f"older={older.pk}&amp;newer={middle.pk}"):  # fmt: skip
        assert words in page.text, words
    bare = browser.get(f"{URL}versions/{make.prompt_version(project, 'd', name='x').pk}/")
    assert "Only its label is known" in bare.text
    assert "It never changes." not in bare.text


def test_two_versions_word_by_word(
    browser: make.SignedIn, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    older, newer = version(project, "v6", "Be warm."), version(project, "v7", "Be exact.")
    with django_assert_max_num_queries(10):
        page = browser.get(f"{URL}{older.prompt_id}/compare/")
    for words in ("What changed from v6 to v7?", '<mark class="span gone"', '<mark class="span added"', "temperature",
                  f"?version={older.pk}&amp;version={newer.pk}"):  # fmt: skip
        assert words in page.text, words
    turned = browser.get(f"{URL}{older.prompt_id}/compare/?older={newer.pk}&newer={older.pk}")
    assert "What changed from v7 to v6?" in turned.text


def test_one_version_cannot_be_compared(browser: make.SignedIn, project: Project) -> None:
    only = version(project, "v1")
    assert "One version is not enough" in browser.get(f"{URL}{only.prompt_id}/compare/").text


def test_hostile_text_stays_text(browser: make.SignedIn, project: Project) -> None:
    rows = [version(project, f"{HOSTILE}{n}", HOSTILE * n, HOSTILE, name=HOSTILE) for n in (1, 2)]
    pages = ("", f"{rows[0].prompt_id}/", f"versions/{rows[0].pk}/", f"{rows[0].prompt_id}/compare/")
    for address in pages:
        assert "<script>alert" not in browser.get(URL + address).text


def test_another_project_a_reviewer_and_another_method_do_not_get_in(
    browser: make.SignedIn, project: Project, other_project: Project, reviewer: Member
) -> None:
    mine, foreign = version(project, "v1"), make.prompt_version(other_project, "v1")
    second, other = version(project, "v2"), version(project, "v1", name="greeting")
    for address in (f"{foreign.prompt_id}/", f"versions/{foreign.pk}/", f"{foreign.prompt_id}/compare/",
                    f"{mine.prompt_id}/compare/?older={other.pk}&newer={second.pk}"):  # fmt: skip
        assert browser.get(URL + address).status_code == 404, address
    for address in ("", f"{mine.prompt_id}/", f"versions/{mine.pk}/", f"{mine.prompt_id}/compare/"):
        assert make.SignedIn(reviewer).get(URL + address).status_code == 403, address
        assert browser.post(URL + address).status_code == 405, address
