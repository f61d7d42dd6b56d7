"""Sets of many raters an item as their people, over REST: how far they agree, how soon their majority is the full one,
who is right how often; beside what other libraries say of the same files (tests/reviews/imports/oracles.json).

Run it by `make real WHAT=raters`; SETS="llmfao mqm" takes some.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.real import instance
from bench.real.sets import SETS, Set

if TYPE_CHECKING:
    from feedback.accounts.models import Project

FROZEN = instance.ROOT / "tests" / "reviews" / "imports" / "oracles.json"
QUESTIONS = {"convabuse": ("severity", "abusive")}  # of more than one; their values' names


def main() -> None:
    instance.own_surroundings()
    wanted = [SETS[name] for name in os.environ.get("SETS", " ".join(SETS)).split()]
    frozen = json.loads(FROZEN.read_text())
    ready = [(one, *instance.prepare(one.name.replace("_", "-"))) for one in wanted]
    with instance.serving(ready[0][2]) as served:
        for one, project, key in ready:
            api = instance.Instance(served.address, key)
            instance.report(one.name, figures(one, project, api, frozen), api.times)


def figures(one: Set, project: Project, api: instance.Instance, frozen: dict[str, Any]) -> dict[str, Any]:
    from bench.real import told

    queue, key = told.queue_for(project, one, grace_seconds=1), told.voted_key(one)
    oracle = frozen["convabuse_abusive" if one.name == "convabuse" else one.name]
    with api.timed("ingest"):
        api.send("/responses/", one.responses(instance.rows_of))
    verdicts = []
    waves = one.waves(instance.rows_of)
    for name, wave in zip(("the first labels", "all labels"), waves, strict=True):
        with api.timed(f"import {name}"):
            refused = api.send("/imported-reviews/", wave)["refused"]
        with api.timed(f"settle {name}"):
            instance.until_settled(queue)
        verdicts.append(told.consensus(project, key))
    early, full = verdicts
    right, n = told.early_right(early, full)
    with api.timed("agreement"):
        rows = {row["key"]: row for row in analysis(api, "agreement")["rows"]}
    return {
        "labels, refused": f"{sum(map(len, waves))}, {len(refused)}",
        "items, settled, undecided": f"{queue.items.count()}, {len(full)}, {queue.items.count() - len(full)}",
        "settled, crowd-kit": oracle["settled"],
        f"first {one.first} as the full vote": f"{right} of {n} ({right / n:.3f}); of {len(early)} decided",
        "the same, crowd-kit": f"{oracle['early_right']} of {oracle['early_with_full_vote']}; of {oracle['early']}",
        "verdicts as Dawid-Skene": f"{oracle['as_dawid_skene']} of {oracle['settled']} (crowd-kit)",
        **agreeing(one, rows, frozen),
        **ranked(told.accuracies(project, key), oracle["accuracy"]),
    }


def analysis(api: instance.Instance, kind: str) -> Any:
    found = api.post("/analyses/", {"kind": kind})
    return api.until_done(f"/analyses/{found['id']}/")["result"]


def agreeing(one: Set, rows: dict[str, Any], frozen: dict[str, Any]) -> dict[str, str]:
    """A line for each question of which other libraries were asked."""
    found = {}
    names = {"convabuse": {"severity": "convabuse", "abusive": "convabuse_abusive"}}.get(one.name)
    for key, name in (names or {next(iter(rows)): one.name}).items():
        row, oracle = rows[key], frozen[name]
        found[f"{key}: alpha, AC, kappa"] = (
            f"{row['alpha']:.4f} ({row['low']:.3f} to {row['high']:.3f}), {row['ac']:.4f}, {row['kappa']:.4f}"
        )
        found[f"{key}: other libraries"] = (
            f"{oracle['alpha'][row['level']]:.4f}, {oracle['ac']:.4f}, {oracle['kappa']:.4f}"
        )
        if row.get("characters") is not None:
            f1 = row["f1"]
            found[f"{key}: characters"] = (
                f"alpha {row['characters']:.4f} (krippendorff {oracle['characters']:.4f}); "
                f"F1 exact {f1['exact']:.4f}, overlap {f1['overlap']:.4f}, character {f1['character']:.4f}"
            )
    return found


def ranked(shown: dict[str, float], oracle: dict[str, Any]) -> dict[str, Any]:
    """Who is right most often, the best first, here and by crowd-kit, as far as enough is known of them."""
    from scipy.stats import kendalltau

    known = sorted(shown)
    tau = kendalltau([shown[name] for name in known], [oracle[name][0] for name in known]).statistic
    best = sorted(known, key=lambda name: -shown[name])
    top = ", ".join(f"{name} {shown[name]:.3f}/{oracle[name][0]:.3f}" for name in best[:8])
    return {"people ranked": len(known), "tau to crowd-kit's ranking": f"{tau:.3f}", "best, here/crowd-kit": top}


if __name__ == "__main__":
    main()
