"""Does what is stored agree with what the clients were told? Rules after DESIGN §9; each has tests that break it.

An operation without an answer may have happened or not, but at most once. What was acknowledged has happened exactly
once and is unchanged. What was refused at once has not happened.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from feedback.statistics.draws import interval_draw, offset
from tests.faults.chaos.facts import Facts, Row
from tests.faults.chaos.history import Op

LOST, DOUBLED, CHANGED, BROKEN = "lost", "doubled", "changed", "broken"
JOBS = {"run": "runs", "build": "versions", "export": "exports"}


@dataclass(frozen=True)
class Breach:
    rule: str  # of DESIGN §9, or the name of ours
    kind: str  # lost, doubled, changed, broken
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule} {self.kind}: {self.key}: {self.text}"


Found = Iterator[Breach]


def check(history: Sequence[Op], facts: Facts) -> list[Breach]:
    return [breach for rule in RULES for breach in rule(history, facts)]


def of_kind(history: Iterable[Op], *kinds: str) -> Iterator[Op]:
    return (op for op in history if op.kind in kinds)


def by(rows: Iterable[Row], name: str) -> dict[object, list[Row]]:
    found: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


def submits(history: Sequence[Op], facts: Facts) -> Found:
    """I1: every acknowledged submit is stored exactly once and unchanged, and stands unless it was taken back."""
    stored = by(facts.reviews, "submission_id")
    undone = taken_back(history)
    for op in of_kind(history, "submit"):
        found = stored.pop(op.key, [])
        if op.is_done and not found:
            yield Breach("I1", LOST, op.key, f"acknowledged to {op.client} with {op.status}, and not stored")
        if op.is_refused and found:
            yield Breach("I1", BROKEN, op.key, f"refused with {op.status}, and stored")
        if len(found) > 1:
            yield Breach("I1", DOUBLED, op.key, f"stored {len(found)} times")
        for review in found:
            if review["digest"] != op.sent["digest"]:
                yield Breach("I1", CHANGED, op.key, "is stored with other answers than were sent")
            if review["is_withdrawn"] and op.key not in undone:
                yield Breach("I1", LOST, op.key, "is withdrawn, and nobody took it back")
    for key, found in stored.items():
        yield Breach("I1", BROKEN, str(key), f"is stored {len(found)} times, and nobody sent it")


def taken_back(history: Sequence[Op]) -> set[str]:
    """The submissions that an undo named which may have happened."""
    return {op.sent["submission"] for op in of_kind(history, "undo") if not op.is_refused}


def revisions(history: Sequence[Op], facts: Facts) -> Found:
    """I1: the last submit of a claim stands unless an undo names it; no person has two standing on an item."""
    last = {op.sent["token"]: op for op in of_kind(history, "submit") if op.is_done}
    states, undone = {row["token"]: row for row in facts.assignments}, taken_back(history)
    for token, op in last.items():
        row = states.get(token)
        if op.key not in undone and (row is None or row["submission_id"] != op.key):
            yield Breach("I1", LOST, op.key, f"is not the review of its claim {token}")
        elif op.key not in undone and row and row["is_withdrawn"]:
            yield Breach("I1", LOST, op.key, f"was the last word on {token}, and was withdrawn")
    standing = Counter(
        (row["subject_id"], row["reviewer_id"], row["origin"], row["round"])
        for row in facts.reviews
        if not row["is_withdrawn"]
    )
    for place, count in standing.items():
        if count > 1:
            yield Breach("I1", DOUBLED, f"{place}", f"one person has {count} standing reviews")


def drafts(history: Sequence[Op], facts: Facts) -> Found:
    """I1: the last acknowledged draft of a claim that is still one is there."""
    last: dict[str, Op | None] = {}
    for op in history:
        if "token" in op.sent and op.kind in {"draft", "page-draft", "submit", "undo"}:
            is_known = op.kind == "draft" and op.is_done
            if op.kind != "undo" or not op.is_refused:
                last[op.sent["token"]] = op if is_known else None
    for row in facts.assignments:
        draft = last.get(row["token"])
        if draft and row["state"] == "claimed" and row["draft_digest"] != draft.sent["digest"]:
            yield Breach("I1", LOST, row["token"], "its draft was acknowledged and is not there")


def skips(history: Sequence[Op], facts: Facts) -> Found:
    """An item that was skipped is skipped for good."""
    states = {row["token"]: row["state"] for row in facts.assignments}
    for op in of_kind(history, "skip"):
        if op.is_done and states.get(op.sent["token"]) != "skipped":
            yield Breach("skip", LOST, op.sent["token"], f"is {states.get(op.sent['token'])} after it was skipped")


def exactly_k(history: Sequence[Op], facts: Facts) -> Found:
    """I2: as many counted reviews as filled places, no more than k, all of different people."""
    places, turns = by(facts.places, "item_id"), by(facts.assignments, "item_id")
    for item in facts.items:
        own, key = places[item["id"]], f"item {item['id']}"
        filled = [place["assignment_id"] for place in own if place["state"] == "filled"]
        wanted = sum(place["state"] != "withdrawn" for place in own)
        counted = {row["id"]: row["reviewer_id"] for row in turns[item["id"]] if row["state"] == "submitted"}
        if len(filled) > wanted or sorted(counted) != sorted(filled):
            yield Breach("I2", BROKEN, key, f"{len(counted)} counted reviews, {len(filled)} of {wanted} places filled")
        if len(set(counted.values())) < len(counted):
            yield Breach("I2", DOUBLED, key, "counts one person twice")
        if (item["k"], item["n_filled"]) != (wanted, len(filled)):
            yield Breach("I10", BROKEN, key, f"says {item['n_filled']} of {item['k']}, has {len(filled)} of {wanted}")


def claims(history: Sequence[Op], facts: Facts) -> Found:
    """I3: a token is one person's; a person has one turn at an item; nobody holds an item twice."""
    owners: dict[str, str] = {}
    turns: dict[tuple[str, object], str] = {}
    for op in of_kind(history, "claim"):
        token, item = op.answer.get("token"), op.answer.get("item")
        if not op.is_done or token is None:
            continue
        if owners.setdefault(token, op.client) != op.client:
            yield Breach("I3", DOUBLED, token, f"was given to {owners[token]} and to {op.client}")
        if turns.setdefault((op.client, item), token) != token:
            yield Breach("I3", DOUBLED, f"item {item}", f"was given to {op.client} under two tokens")
    known = {row["token"] for row in facts.assignments}
    for token in owners.keys() - known:
        yield Breach("I3", LOST, token, f"was given to {owners[token]} and is not stored")
    holders = {row["id"]: row["reviewer_id"] for row in facts.assignments}
    held = Counter((p["item_id"], holders.get(p["assignment_id"])) for p in facts.places if p["state"] == "claimed")
    for (item, reviewer), count in held.items():
        if count > 1:
            yield Breach("I3", DOUBLED, f"item {item}", f"is held {count} times by member {reviewer}")


def endings(history: Sequence[Op], facts: Facts) -> Found:
    """I4, I5: when everybody has gone and taken what was left, no place is held and no item waits."""
    for place in facts.places:
        if place["state"] == "claimed":
            yield Breach("I4", BROKEN, f"place {place['id']}", "is held although everybody has gone")
    for item in facts.items:
        if item["state"] in {"open", "complete"}:
            yield Breach("I5", BROKEN, f"item {item['id']}", f"is {item['state']} although all that waited was taken")


def ingested(history: Sequence[Op], facts: Facts) -> Found:
    """I6: every acknowledged row is stored exactly once, as the body that was accepted; nothing else is."""
    stored = by(facts.responses, "external_id")
    sent: dict[str, set[str]] = defaultdict(set)
    for op in of_kind(history, "ingest"):
        refused = {row["index"] for row in op.answer.get("refused", [])}
        for index, (external_id, body) in enumerate(op.sent["rows"]):
            if not op.is_refused:
                sent[external_id].add(body)
            if op.is_done and index not in refused:
                found = stored.get(external_id, [])
                if not found:
                    yield Breach("I6", LOST, external_id, f"acknowledged in {op.key}, and not stored")
                elif found[0]["digest"] != body:
                    yield Breach("I6", CHANGED, external_id, f"another text is stored than {op.key} was told")
    for external_id, rows in stored.items():
        if len(rows) > 1:
            yield Breach("I6", DOUBLED, str(external_id), f"stored {len(rows)} times")
        if rows[0]["digest"] not in sent[str(external_id)]:
            yield Breach("I6", BROKEN, str(external_id), "is stored, and nobody sent it so")


def downloads(history: Sequence[Op], facts: Facts) -> Found:
    """I7: a finished export has its file; file, row, manifest and every download have the same SHA-256."""
    exports = {row["id"]: row for row in facts.exports}
    for row in facts.exports:
        hashes = {row["sha256"], row["manifest"].get("sha256"), row["file_sha256"]}
        counts = {row["n_rows"], row["manifest"].get("rows"), row["file_rows"]}
        if row["state"] == "done" and (len(hashes) > 1 or len(counts) > 1):
            yield Breach("I7", CHANGED, f"export {row['id']}", f"hashes {hashes}, rows {counts}")
    for op in of_kind(history, "download"):
        export = exports.get(int(op.key))
        hashes = {op.sent["sha256"], op.answer.get("sha256"), op.answer.get("promised"), export and export["sha256"]}
        if op.status == 200 and len(hashes) > 1:
            yield Breach("I7", CHANGED, f"export {op.key}", f"promised, downloaded and stored: {hashes}")


def sampled(history: Sequence[Op], facts: Facts) -> Found:
    """I8: a finished run of a rate put exactly the responses of its interval into its queue; no subject twice."""
    items: dict[tuple[int, tuple[int, ...]], int | None] = {}
    for item in facts.items:
        subject = (item["queue_id"], tuple(item["responses"]))
        if subject in items:
            yield Breach("I8", DOUBLED, f"item {item['id']}", f"asks about {subject[1]} a second time in its queue")
        items[subject] = item["run_id"]
    for run in facts.runs:
        if run["state"] != "done":
            continue
        own = {responses for (_, responses), run_id in items.items() if run_id == run["id"]}
        if run["rate"] is None or run["subject_size"] != 1:
            if len(own) > run["n_drawn"]:
                yield Breach("I8", DOUBLED, f"run {run['id']}", f"{len(own)} items, {run['n_drawn']} drawn")
            continue
        start = offset(run["seed"])
        between = (r for r in facts.responses if run["lowest_id"] <= r["id"] <= run["highest_id"])
        drawn: set[tuple[int, ...]] = {(r["id"],) for r in between if interval_draw(r["draw_key"], start, run["rate"])}
        for responses in drawn:
            if (run["queue_id"], responses) not in items:
                yield Breach("I8", LOST, f"run {run['id']}", f"response {responses[0]} was to be drawn and has no item")
        for responses in own - drawn:
            yield Breach("I8", BROKEN, f"run {run['id']}", f"response {responses[0]} was not to be drawn")


def jobs(history: Sequence[Op], facts: Facts) -> Found:
    """A job that was acknowledged is there and done; no more of them than were asked for."""
    for kind, name in JOBS.items():
        rows = {row["id"]: row for row in getattr(facts, name)}
        asked = list(of_kind(history, kind))
        for op in asked:
            if op.is_done and op.answer.get("id") not in rows:
                yield Breach("job", LOST, op.key, f"{kind} {op.answer.get('id')} was acknowledged and is not stored")
        for pk, row in rows.items():
            if row["state"] != "done":
                yield Breach("job", BROKEN, f"{kind} {pk}", f"is {row['state']}: {row['error']}")
        by_hand = [row for row in rows.values() if str(row.get("tick", "hand-")).startswith("hand-")]
        possible = sum(not op.is_refused for op in asked)
        if len(by_hand) > possible:
            yield Breach("job", DOUBLED, kind, f"{len(by_hand)} stored, {possible} asked for")


def acts(history: Sequence[Op], facts: Facts) -> Found:
    """An act of a moderator that was acknowledged is written down once; what was not, at most once."""
    written = Counter(row["reason"] for row in facts.actions)
    kinds = ("withdraw", "put-back", "ask-more", "ask-fewer", "reopen", "invalidate", "restore")
    for op in of_kind(history, *kinds):
        count = written[f"Chaos {op.key}"]
        if op.is_done and not count:
            yield Breach("act", LOST, op.key, f"{op.kind} was acknowledged and is not written down")
        if count > 1 or (op.is_refused and count):
            yield Breach(
                "act", DOUBLED, op.key, f"{op.kind} was answered {op.status} and is written down {count} times"
            )


def promises(history: Sequence[Op], facts: Facts) -> Found:
    """`manage.py verify` finds nothing (I1 to I14)."""
    for row in facts.promises:
        if row["violations"]:
            examples = json.dumps(row["examples"], ensure_ascii=False)
            yield Breach(row["code"], BROKEN, "verify", f"{row['promise']} {row['violations']}: {examples}")


def failures(history: Sequence[Op], facts: Facts) -> Found:
    """No error in the logs but those that a lost server explains."""
    for text in facts.failures:
        yield Breach("log", BROKEN, text.splitlines()[-1][:200], text)


Rule = Callable[[Sequence[Op], Facts], Found]
RULES: tuple[Rule, ...] = (
    submits, revisions, drafts, skips, exactly_k, claims, endings, ingested, downloads, sampled, jobs, acts, promises,
    failures,
)  # fmt: skip
