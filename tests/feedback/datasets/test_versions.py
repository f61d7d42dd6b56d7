"""What a version holds: its pairs, what was left out, and what is copied to use its files elsewhere."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from django.urls import resolve, reverse

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import exports, growth, snippets, version_views
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair
from feedback.permissions import ROUTES
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

HTMX = {"HX-Request": "true"}


def at(project: Project, route: str = "pair-list", *args: Any) -> str:
    return reverse(f"datasets:{route}", args=[project.slug, "answers", 1, *args])


def shown_ids(response: Any) -> list[str]:
    return [one["pair"].pair_id for one in response.context["pairs"]]


def test_a_pair_says_where_it_comes_from(curator: Member, project: Project, compared: Compared, built: Built) -> None:
    verdict = compared("AAB", rule_label="sample v2", inclusion_probability=0.05)
    built()
    page = make.SignedIn(curator).get(at(project)).text
    assert "2 of 3 votes for it (67 %), 1 against; 2 of 3 in strength." in page
    assert "by the votes of its reviewers in the queue helpdesk, 3 reviewers" in page
    assert "by sample v2, where each had a chance of 5 % to be drawn" in page
    for response in verdict.subject.shown():
        assert reverse("responses:response-detail", args=[project.slug, response.pk]) in page


def test_ratings_and_rewrites_speak_for_themselves(
    curator: Member, project: Project, rated: Rated, built: Built
) -> None:
    for points, text in ((5, "Good."), (2, "Bad.")):
        rated(make.response(project, text, question="How?"), points, points, rewrite=f"{text} And more.")
    built(rating_criterion="helpful")
    page = make.SignedIn(curator).get(at(project)).text
    assert "Rated 5 on average, the other 2, by 2 or more each." in page
    assert "Rewritten by r-" in page
    assert "rewrite of r-" in page


def test_what_differs_is_marked_on_request(curator: Member, project: Project, compared: Compared, built: Built) -> None:
    compared("AAA", texts=("You may claim within 30 days.", "You must claim within 60 days. <b>"))
    built()
    browser = make.SignedIn(curator)
    assert "only-chosen" not in browser.get(at(project)).text
    page = browser.get(at(project) + "?marks=1").text
    assert re.findall(r'<mark class="span only-chosen"[^>]*>(.*?)</mark>', page) == ["may", "30"]
    assert re.findall(r'<mark class="span only-rejected"[^>]*>(.*?)</mark>', page) == ["must", "60", " &lt;b&gt;"]


@pytest.fixture
def many(compared: Compared, rated: Rated, project: Project, built: Built) -> DatasetVersion:
    for _ in range(5):
        compared("AAB")
    rated(make.response(project, external_id="chat-1"), 4, rewrite="Another text.")
    return built()


def test_pairs_are_narrowed_by_split_source_and_id(curator: Member, project: Project, many: DatasetVersion) -> None:
    browser, url = make.SignedIn(curator), at(project)
    assert len(shown_ids(browser.get(url))) == 6
    for split, n in many.statistics["by_split"].items():
        assert len(shown_ids(browser.get(url, {"split": split}))) == n
    rewrite = many.pairs.get(source="correction")
    assert shown_ids(browser.get(url, {"source": "correction"})) == [rewrite.pair_id]
    assert shown_ids(browser.get(url, {"q": rewrite.pair_id[:8].upper()})) == [rewrite.pair_id]
    assert shown_ids(browser.get(url, {"q": " chat-1 "})) == [rewrite.pair_id]
    assert len(shown_ids(browser.get(url, {"min_share": "0.6", "source": "comparison"}))) == 5
    nothing = browser.get(url, {"q": "zz"})
    assert (nothing.status_code, "Nothing matches" in nothing.text) == (200, True)


def test_a_filter_that_cannot_be_meant_is_said(curator: Member, project: Project, many: DatasetVersion) -> None:
    response = make.SignedIn(curator).get(at(project), {"split": "dev", "min_share": "2"})
    assert response.status_code == 422
    assert "dev is not one of the available choices" in response.text


def test_pairs_are_paged_in_the_order_of_the_files(
    curator: Member, project: Project, many: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_views, "PAIRS", 4)
    browser, url = make.SignedIn(curator), at(project)
    first = browser.get(url, {"marks": "1"})
    rest = browser.get(url + first.context["next_url"])
    assert shown_ids(first) + shown_ids(rest) == list(many.pairs.order_by("position").values_list("pair_id", flat=True))
    assert rest.context["marks"]
    part = browser.get(url, headers=HTMX).text
    assert part.lstrip().startswith('<div id="pairs"')
    assert "6 pairs" in part


def test_a_pair_has_a_page_of_its_own_with_all_its_text(
    curator: Member, outsider: Member, project: Project, compared: Compared, built: Built
) -> None:
    compared("AAA", texts=("word " * 2000 + "end.", "No."))
    pair = built().pairs.get()
    url = at(project, "pair-detail", pair.pair_id)
    browser = make.SignedIn(curator)
    assert "word end." in browser.get(url).text
    assert "word end." not in browser.get(at(project)).text
    assert "only-chosen" in browser.get(url + "?marks=1").text
    assert browser.get(at(project, "pair-detail", "0" * 32)).status_code == 404
    assert make.SignedIn(outsider).get(url).status_code == 404


def test_what_was_left_out_is_listed_by_reason(
    curator: Member, project: Project, compared: Compared, built: Built
) -> None:
    tied, both_bad = compared("TTA"), compared("XX")
    compared("AAA")
    built()
    browser, url = make.SignedIn(curator), at(project, "excluded-list")
    page = browser.get(url).text
    for response in (*tied.subject.shown(), *both_bad.subject.shown()):
        assert reverse("responses:response-detail", args=[project.slug, response.pk]) in page
    only = browser.get(url, {"reason": "tie"})
    assert [row["votes"] for row in only.context["rows"]] == ["1 : 0, 2 for neither"]
    assert browser.get(url, {"reason": "tie"}, headers=HTMX).text.lstrip().startswith('<div id="excluded"')
    assert browser.get(url, {"reason": "whim"}).status_code == 404
    assert f'href="{url}?reason=tie"' in browser.get(at(project, "version-detail")).text


def test_the_left_out_are_paged(
    curator: Member, project: Project, compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        compared("TT")
    built()
    monkeypatch.setattr(version_views, "PAGE", 3)
    browser, url = make.SignedIn(curator), at(project, "excluded-list") + "?reason=tie"
    first = browser.get(url)
    rest = browser.get(at(project, "excluded-list") + first.context["next_url"])
    assert [len(page.context["rows"]) for page in (first, rest)] == [3, 2]
    assert rest.context["next_url"] == ""


def made(version: DatasetVersion, shape: str, split: str = "") -> Export:
    export = exports.request(version, shape, split)
    jobs.run(Export, export.pk)
    return Export.objects.get(pk=export.pk)


def absolute(path: str) -> str:
    return f"https://touchstone.example{path}"


def routes_in(text: str) -> set[str]:
    paths = re.findall(r"https://touchstone\.example([^\s\"]+)", text.replace("$id", "7"))
    return {resolve(path).view_name for path in paths}


@pytest.mark.parametrize("split", ["", "train"])
@pytest.mark.parametrize("shape", Export.Shape.values)
def test_what_is_copied_names_real_routes_and_reads_as_python(many: DatasetVersion, shape: str, split: str) -> None:
    export = made(many, shape, split)
    found = {one["key"]: one["text"] for one in snippets.of_file(export, absolute)}
    assert routes_in(found["curl"]) == {"api:export-download"} <= ROUTES.keys()
    fetch, check = found["curl"].replace("\\\n", "").splitlines()
    assert exports.file_name(export) in shlex.split(fetch)
    assert f"{export.sha256}  {exports.file_name(export)}" in shlex.split(check)
    for key in {"datasets", "trl"} & found.keys():
        compile(found[key], key, "exec")
        assert exports.file_name(export) in found[key]
    assert ("trl" in found) == (shape == "preference")
    assert ("promptfoo" in found) == (shape == "promptfoo")


def test_training_uses_the_splits_that_the_file_holds(many: DatasetVersion) -> None:
    Export.objects.all().delete()
    whole, part = made(many, "preference"), made(many, "preference", "train")
    whole.version.statistics["by_split"] = {"train": 5, "validation": 1}
    assert 'row["split"] == "train"' in snippets.train(whole, "a.jsonl")
    assert "eval_dataset=validation" in snippets.train(whole, "a.jsonl")
    assert "row[" not in snippets.train(part, "a.jsonl")
    assert "train_dataset=pairs" in snippets.train(part, "a.jsonl")


def test_a_program_makes_and_fetches_a_file_by_real_routes(many: DatasetVersion) -> None:
    text = snippets.of_version(many, absolute)["text"]
    assert routes_in(text) == {"api:version-export", "api:export-detail", "api:export-download"}
    shlex.split(text.replace("\\\n", ""))


def test_every_shape_is_explained() -> None:
    assert set(snippets.SHAPES) == {*Export.Shape.values, Export.FOLDER}


def test_a_file_shows_how_far_it_is(curator: Member, project: Project, many: DatasetVersion) -> None:
    export = exports.request(many, "preference")
    Export.objects.filter(pk=export.pk).update(state="running", done=2, total=6)
    page = make.SignedIn(curator).get(at(project, "version-detail")).text
    assert "2 of 6" in page
    assert snippets.SHAPES["preference"] in page


def test_a_version_under_way_asks_whether_a_worker_is_alive(
    curator: Member, project: Project, dataset: Dataset
) -> None:
    dataset.build()
    page = make.SignedIn(curator).get(at(project, "version-detail")).text
    assert reverse("monitoring:job-workers", args=[project.slug]) in page
    assert "Not built yet" in make.SignedIn(curator).get(at(project)).text


def test_the_list_says_what_has_come_since(
    curator: Member, project: Project, compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared("AAA")
    built()
    browser, url = make.SignedIn(curator), reverse("datasets:dataset-list", args=[project.slug])
    assert "nothing new" in browser.get(url).text
    for _ in range(3):
        compared("AAB")
    compared("AAB", origin="pilot")
    assert "4 verdicts" in browser.get(url).text
    Dataset.objects.update(rule={"queues": ["pilot"]})
    assert "1 verdict" in browser.get(url).text
    detail = browser.get(reverse("datasets:dataset-detail", args=[project.slug, "answers"])).text
    assert "1 new verdict since version 1." in detail
    monkeypatch.setattr(growth, "COUNTED", 2)
    Dataset.objects.update(rule={})
    assert "2 or more verdicts" in browser.get(url).text


def test_the_list_shows_a_build_under_way(curator: Member, project: Project, dataset: Dataset) -> None:
    dataset.build(by=curator)
    page = make.SignedIn(curator).get(reverse("datasets:dataset-list", args=[project.slug])).text
    assert "Waiting for a worker" in page
    assert "every 3s" in page


def test_the_pages_ask_the_database_little(
    curator: Member, project: Project, many: DatasetVersion, compared: Compared, django_assert_num_queries: Any
) -> None:
    pair: PreferencePair = many.pairs.order_by("position")[0]
    browser = make.SignedIn(curator)
    for url, n in (
        (at(project), 4),
        (at(project) + "?q=abcd", 5),
        (at(project, "pair-detail", pair.pair_id), 9),
        (at(project, "excluded-list"), 4),
        (reverse("datasets:dataset-list", args=[project.slug]), 7),
        (reverse("datasets:dataset-detail", args=[project.slug, "answers"]), 7),
    ):
        with django_assert_num_queries(n):
            assert browser.get(url).status_code == 200
