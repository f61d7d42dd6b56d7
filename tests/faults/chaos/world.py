"""The project that a chaos run happens in: short leases, people with keys and sign-in links, rules, a dataset."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from feedback.accounts.models import ApiKey, SigninLink
from feedback.datasets.models import Dataset
from feedback.datasets.rule import DEFAULT_SHARES, Rule
from tests import make

WHY: dict[str, Any] = {"key": "why", "kind": "text", "label": "Why?", "is_required": False}
TIMES: dict[str, Any] = {"lease_seconds": 4, "lease_cap_seconds": 10, "grace_seconds": 3}
REVIEWERS = ("ada", "ben", "cem", "dot", "eve")
LATE = tuple(f"late-{number}" for number in range(8))  # who come at the end and take whatever is left


def build() -> str:
    project = make.project("chaos")
    single = make.queue(project, key="single", k=2, criteria=[*make.DEFAULT_CRITERIA, WHY], **TIMES)
    pairs = make.queue(project, key="pairs", k=3, subject_size=2, order="random", **TIMES)
    rules = (single, "half", {"rate": 0.35}), (single, "some", {"size": 5}), (pairs, "pairs", {"rate": 0.4})
    for queue, key, choices in rules:
        rule = make.sampling_rule(queue, seed=key, **choices)
        rule.key = key
        rule.interval_minutes = 1 if key == "half" else None
        rule.save()
    Dataset.objects.create(
        project=project, key="pairs", name="Pairs", rule=Rule(min_votes=1).as_json(), shares=DEFAULT_SHARES
    )
    keys = {"program": make.api_key(project, "ingest")}
    scopes = ("queues:write", "datasets:write", "datasets:read", "reviews:read", "responses:read")
    keys["curator"] = make.api_key(project, *scopes)
    links = {}
    for name in (*REVIEWERS, *LATE):
        member = make.member(project, name=name)
        keys[name] = ApiKey.issue(project, name, ["review"], member=member)[1]
        links[name] = SigninLink.make(timedelta(days=1), user=member.user)[1]
    curator = make.member(project, "curator", name="curator").user
    for name in ("curator", "curator-again"):
        links[name] = SigninLink.make(timedelta(days=1), user=curator)[1]
    links["moderator"] = SigninLink.make(timedelta(days=1), user=make.member(project, "moderator").user)[1]
    return json.dumps({"project": project.slug, "keys": keys, "links": links})
