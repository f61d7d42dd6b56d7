"""Programs start runs and ask how they fare."""

from __future__ import annotations

from django.test import Client

from feedback import jobs
from feedback.accounts.models import Project
from reviews.sampling.models import SamplingRun
from tests import make


def key(project: Project, scope: str = "queues:write") -> dict[str, str]:
    return {"Authorization": f"Bearer {make.api_key(project, scope)}"}


def test_a_run_is_accepted_and_can_be_followed(project: Project, client: Client) -> None:
    make.response(project)
    rule = make.sampling_rule(make.queue(project), rate=1.0)
    headers = key(project)
    accepted = client.post(f"/api/v1/sampling-rules/{rule.key}/run/", headers=headers)
    assert (accepted.status_code, accepted.json()["state"], accepted.json()["rule"]) == (202, "queued", rule.key)
    jobs.run(SamplingRun, accepted.json()["id"])
    run = client.get(accepted.headers["Location"], headers=headers).json()
    assert (run["state"], run["n_drawn"], run["n_added"]) == ("done", 1, 1)


def test_the_same_idempotency_key_gives_the_same_run(project: Project, client: Client) -> None:
    rule = make.sampling_rule(make.queue(project))
    headers = key(project)
    ids = []
    for mark in ("a", "a", "b"):
        answer = client.post(f"/api/v1/sampling-rules/{rule.key}/run/", headers={**headers, "Idempotency-Key": mark})
        ids.append(answer.json()["id"])
        jobs.run(SamplingRun, ids[-1])
    assert ids[0] == ids[1] != ids[2]


def test_a_foreign_rule_or_run_is_not_found(project: Project, other_project: Project, client: Client) -> None:
    rule = make.sampling_rule(make.queue(other_project))
    run = rule.start()
    headers = key(project)
    assert client.post(f"/api/v1/sampling-rules/{rule.key}/run/", headers=headers).status_code == 404
    assert client.get(f"/api/v1/sampling-runs/{run.pk}/", headers=headers).status_code == 404


def test_another_scope_is_refused(project: Project, client: Client) -> None:
    rule = make.sampling_rule(make.queue(project))
    answer = client.post(f"/api/v1/sampling-rules/{rule.key}/run/", headers=key(project, "ingest"))
    assert answer.status_code == 403
