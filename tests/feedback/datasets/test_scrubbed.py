"""A frozen case without personal data: what was marked still stands where its words are."""

from __future__ import annotations

from feedback.datasets.provenance import scrubbed

TEXT = "Write to ann.lee@example.org, or call again: fees apply."


def test_stretches_move_with_their_words_and_those_in_sources_go() -> None:
    at = TEXT.index("fees apply")
    stretch = {"response": 7, "start": at, "end": at + 10, "votes": 2, "kinds": {"x": 2}, "severities": {}}
    marks = {"kind": "spans", "value": "yes", "stretches": [stretch, {**stretch, "passage": 3}]}
    data = {"output": TEXT, "passages": [], "spans": [], "answers": {"flags": marks, "old": {"kind": "spans"}}}
    found = scrubbed(data)
    assert "ann.lee" not in found["output"]
    [moved] = found["answers"]["flags"]["stretches"]
    assert found["output"][moved["start"] : moved["end"]] == "fees apply"
    assert (moved["votes"], found["answers"]["old"]) == (2, {"kind": "spans"})
