"""The curator's pages: whole without scripts, a fragment for htmx, nothing of other projects, few statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import exports
from feedback.datasets.models import Dataset, DatasetVersion, Export
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

pytestmark = pytest.mark.once


def at(route: str, project: Project, *args: Any) -> str:
    return reverse(f"datasets:{route}", args=[project.slug, *args])


def made(version: DatasetVersion, shape: str = "preference") -> Export:
    export = exports.request(version, shape)
    jobs.run(Export, export.pk)
    return Export.objects.get(pk=export.pk)


FORM = {
    "name": "Better answers", "comparisons": "on", "min_votes": "3", "min_share": "2/3", "min_strength": "0",
    "min_rating_difference": "1", "system_prompts": "same", "train": "80", "validation": "10", "test": "10",
}  # fmt: skip


def test_an_empty_list_says_what_to_do(curator: Member, moderator: Member, project: Project) -> None:
    url = at("dataset-list", project)
    assert "Make the first dataset" in make.SignedIn(curator).get(url).text
    assert "Make the first dataset" not in make.SignedIn(moderator).get(url).text


def test_the_list_leads_to_the_newest_version(curator: Member, project: Project, built: Built) -> None:
    built()
    built()
    page = make.SignedIn(curator).get(at("dataset-list", project)).text
    assert at("version-detail", project, "answers", 2) in page
    assert at("version-detail", project, "answers", 1) not in page


def test_a_dataset_is_made_from_its_form(curator: Member, project: Project) -> None:
    response = make.SignedIn(curator).post(at("dataset-create", project), FORM)
    dataset = project.datasets.get()
    assert (response.status_code, response["Location"]) == (303, at("dataset-detail", project, "better-answers"))
    assert dataset.rule["min_votes"] == 3
    assert dataset.rule["min_share"] == pytest.approx(2 / 3)
    assert (dataset.rule["corrections"], dataset.rule["moderators_decide"]) == (False, False)
    assert dataset.shares == {"train": 0.8, "validation": 0.1, "test": 0.1}
    assert AuditEvent.objects.get(verb="dataset-created").facts == {"key": "better-answers"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required"),
        ("key", "new", "Give a short name"),
        ("key", "answers", "Another dataset has this short name"),
        ("min_share", "7/8", "Select a valid choice"),
        ("queues", "unknown-queue", "unknown-queue is not one of the available choices"),
        ("rating_criterion", "charm", "charm is not one of the available choices"),
        ("system_prompts", "any", "any is not one of the available choices"),
        ("min_votes", "0", "greater than or equal to 1"),
        ("min_rating_difference", "nan", "Enter a number"),
        ("train", "70", "must add up to 100"),
        ("comparisons", "", "Mark at least one source"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_field(
    curator: Member, project: Project, dataset: Dataset, compared: Compared, field: str, value: str, words: str
) -> None:
    compared("AAA")
    response = make.SignedIn(curator).post(at("dataset-create", project), {**FORM, field: value})
    assert response.status_code == 422
    assert words in response.text.replace("&#x27;", "'")
    assert project.datasets.count() == 1
    if field != "name":
        assert 'value="Better answers"' in response.text


def test_the_form_offers_what_the_project_has(
    curator: Member, project: Project, compared: Compared, rated: Rated
) -> None:
    compared("AAA", origin="pairs", queue_label="Which is better?")
    rated(make.response(project), 4)
    page = make.SignedIn(curator).get(at("dataset-create", project)).text
    assert "Which is better? (pairs)" in page
    assert "Better overall (better)" in page
    assert "Helpfulness (helpful)" in page


def test_only_those_who_publish_may_make_or_build(moderator: Member, project: Project, dataset: Dataset) -> None:
    browser = make.SignedIn(moderator)
    assert browser.post(at("dataset-create", project), FORM).status_code == 403
    assert browser.post(at("version-build", project, "answers")).status_code == 403
    assert "Build version" not in browser.get(at("dataset-detail", project, "answers")).text


def test_another_project_is_not_there(outsider: Member, project: Project, built: Built) -> None:
    export = made(built())
    for url in (
        at("dataset-detail", project, "answers"),
        at("version-detail", project, "answers", 1),
        at("export-download", project, "answers", 1, export.pk),
        at("version-detail", outsider.project, "answers", 1),
        at("export-download", outsider.project, "answers", 1, export.pk),
    ):
        assert make.SignedIn(outsider).get(url).status_code == 404


def test_building_goes_on_to_the_version_that_polls(curator: Member, project: Project, dataset: Dataset) -> None:
    browser, url = make.SignedIn(curator), at("version-detail", project, "answers", 1)
    for _ in range(2):
        response = browser.post(at("version-build", project, "answers"))
        assert (response.status_code, response["Location"]) == (303, url)
    assert AuditEvent.objects.filter(verb="version-requested").count() == 1
    assert dataset.versions.get().requested_by == curator
    assert "every 2s" in browser.get(url).text
    jobs.run(DatasetVersion, dataset.versions.get().pk)
    assert "every 2s" not in browser.get(url).text
    assert browser.get(at("version-build", project, "answers")).status_code == 405


def test_a_version_tells_what_went_in_and_came_out(
    curator: Member, project: Project, compared: Compared, built: Built
) -> None:
    for votes in ("AAA", "AAB", "TTT"):
        compared(votes)
    page = make.SignedIn(curator).get(at("version-detail", project, "answers", built().number)).text
    assert "No response had the most votes, or most said they are equal" in page
    assert "Yes, within 30 days." in page
    assert "2 of 3 votes" in page
    assert "Shown first wins" in page


def test_hostile_text_stays_text(curator: Member, project: Project, compared: Compared, built: Built) -> None:
    texts = ("<script>alert(1)</script><img src=x onerror=alert(2)>", "[click](javascript:alert(3))")
    compared("AAA", texts=texts)
    page = make.SignedIn(curator).get(at("version-detail", project, "answers", built().number)).text
    assert "<script>alert" not in page
    assert "onerror=alert(2)>" not in page
    assert 'href="javascript:' not in page


def test_a_failed_build_says_why(curator: Member, project: Project, built: Built) -> None:
    version = built(min_votes=0)
    page = make.SignedIn(curator).get(at("version-detail", project, "answers", version.number)).text
    assert "min_votes must be at least 1." in page


def test_a_file_is_made_and_downloaded(curator: Member, project: Project, compared: Compared, built: Built) -> None:
    compared("AAA")
    browser, url = make.SignedIn(curator), at("version-detail", project, "answers", built().number)
    response = browser.post(url + "exports/", {"shape": "preference", "split": ""})
    assert (response.status_code, response["Location"]) == (303, f"{url}#files")
    assert "every 2s" in browser.get(url).text
    export = Export.objects.get()
    assert browser.get(at("export-download", project, "answers", 1, export.pk)).status_code == 404
    jobs.run(Export, export.pk)
    page = browser.get(url).text
    export.refresh_from_db()
    assert export.sha256 in page
    assert "load_dataset" in page
    assert f"http://testserver{reverse('api:export-download', args=[export.pk])}" in page
    download = browser.get(at("export-download", project, "answers", 1, export.pk))
    assert download["Content-Disposition"] == 'attachment; filename="answers-v1-preference.jsonl"'
    data = download.getvalue()
    assert data.count(b"\n") == 1
    rest = browser.get(download.request["PATH_INFO"], headers={"Range": "bytes=7-"})
    assert (rest.status_code, rest.getvalue()) == (206, data[7:])
    beyond = browser.get(download.request["PATH_INFO"], headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")


@pytest.mark.parametrize("given", [{"shape": "parquet"}, {"shape": "votes", "split": "dev"}, {}])
def test_an_unknown_file_is_refused(curator: Member, project: Project, built: Built, given: dict[str, str]) -> None:
    built()
    response = make.SignedIn(curator).post(at("export-create", project, "answers", 1), given)
    assert response.status_code == 422
    assert 'class="errorlist"' in response.text
    assert not Export.objects.exists()


def test_no_file_of_a_version_under_way(curator: Member, project: Project, dataset: Dataset) -> None:
    dataset.build()
    response = make.SignedIn(curator).post(at("export-create", project, "answers", 1), {"shape": "votes"})
    assert response.status_code == 422
    assert not Export.objects.exists()


def test_htmx_gets_the_region_it_asks_for(curator: Member, project: Project, built: Built) -> None:
    built()
    browser, url = make.SignedIn(curator), at("version-detail", project, "answers", 1)
    for target in ("version", "files"):
        part = browser.get(url, headers={"HX-Request": "true", "HX-Target": target}).text
        assert part.lstrip().startswith(("<div", "<section"))
        assert f'id="{target}"' in part
        assert "<html" not in part
    polled = browser.get(url, headers={"HX-Request": "true", "HX-Target": "version"})
    assert polled["HX-Refresh"] == "true"
    part = browser.get(at("dataset-detail", project, "answers"), headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="versions"')


def test_versions_are_paged(curator: Member, project: Project, dataset: Dataset) -> None:
    DatasetVersion.objects.bulk_create(
        DatasetVersion(project=project, dataset=dataset, number=n, rule={}, state="failed") for n in range(1, 56)
    )
    browser, url = make.SignedIn(curator), at("dataset-detail", project, "answers")
    first, rest = browser.get(url).text, browser.get(url + "?before=6").text
    assert "?before=6" in first
    assert "Version 55" in first
    assert "Version 5<" not in first
    assert "Version 5<" in rest
    assert browser.get(url + "?before=x").status_code == 200


def test_pages_ask_the_database_little(
    curator: Member, project: Project, compared: Compared, built: Built, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        compared("AAB")
    for _ in range(5):
        version = built()
    for shape in Export.Shape.values:
        made(version, shape)
    for n in range(5):
        Dataset.objects.create(project=project, key=f"more-{n}", name="More")
    browser = make.SignedIn(curator)
    for url in (
        at("dataset-list", project),
        at("dataset-create", project),
        at("dataset-detail", project, "answers"),
        at("version-detail", project, "answers", version.number),
    ):
        with django_assert_max_num_queries(10):
            assert browser.get(url).status_code == 200


def test_a_file_says_what_it_leaves_out(
    curator: Member, project: Project, compared: Compared, built: Built, dataset: Dataset
) -> None:
    dataset.shares = {"train": 1.0}
    for n in range(2):
        compared("AAA", messages=[{"role": "user", "content": part} for part in ("One", f"Two {n}")])
    version = built()
    split = version.pairs.values_list("split", flat=True)[0]
    browser, url = make.SignedIn(curator), at("version-detail", project, "answers", version.number)
    jobs.run(Export, exports.request(version, "preference").pk)
    assert "Left out:" not in browser.get(url).text
    jobs.run(Export, exports.request(version, "openai", split).pk)
    page = browser.get(url).text
    assert (
        f'Left out: <b class="num">{version.pairs.filter(split=split).count()}</b> because user and assistant' in page
    )
