"""Whether what a version would train on stands in a benchmark: the same text, or nearly the same.

Of the benchmark only hashes are looked at and kept while it is compared: the fold hash of each text, and the hashes of
its runs of five words. Near texts are found without missing any (prefix filtering, Bayardo et al. 2007): two sets whose
Jaccard is 0.8 or more share one of the |A| − ⌈0.8 |A|⌉ + 1 smallest hashes of each.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.datasets.conversation import SYSTEM, text_of
from feedback.datasets.models import ContaminationCheck, ContaminationHit, DatasetVersion, Split, VersionRow
from feedback.text import likeness
from feedback.text.hashes import fold, sha256_text
from feedback.text.personal import strings

LARGEST = 5 * 1024 * 1024  # bytes of a benchmark file
FEWEST = 3  # words: what has fewer says nothing about where it comes from
FORMATS = ("jsonl", "json", "csv", "txt")


class Unreadable(ValueError):
    """The file cannot be read; the message says where."""


class Hit(NamedTuple):
    kind: str  # exact or near
    likeness: float
    line: int  # of the benchmark file, or its item


class Row(NamedTuple):
    """What a version would train on."""

    position: int
    kind: str  # pair or case
    key: str  # the pair's id, or the case's verdict
    parts: list[tuple[str, str]]  # prompt, chosen, rejected or answer; text


def texts_of(name: str, data: bytes) -> Iterator[tuple[int, str]]:
    """Line and text of all that a benchmark says, by the ending of its name. Raises Unreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not UTF-8.") from error
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in {"jsonl", "ndjson"}:
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((number, found) for found in strings(parsed(line, number) if line.strip() else None))
    elif ending == "json":
        value = parsed(text, 1)
        items = value if isinstance(value, list) else [value]
        yield from ((number, found) for number, item in enumerate(items, 1) for found in strings(item))
    elif ending == "csv":
        csv.field_size_limit(LARGEST)
        yield from ((at, cell) for at, row in enumerate(csv.reader(io.StringIO(text)), 1) for cell in row)
    else:
        yield from enumerate(text.splitlines(), 1)


def parsed(text: str, number: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreadable(f"Line {number} is no JSON: {error}.") from error


@dataclass
class Benchmark:
    """Hashes of a benchmark's texts, so that others can be held against them."""

    exact: dict[str, int] = field(default_factory=dict)  # fold hash -> line
    near: list[tuple[int, likeness.Shingles]] = field(default_factory=list)
    too_short: int = 0
    index: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, texts: Iterable[tuple[int, str]]) -> Benchmark:
        made = cls()
        for line, text in texts:
            folded = fold(text)
            if len(folded.split()) < FEWEST:
                made.too_short += bool(folded)
            elif made.exact.setdefault(sha256_text(folded), line) == line:
                made.add(line, likeness.shingles(folded))
        return made

    def add(self, line: int, found: likeness.Shingles) -> None:
        for shingle in prefix(found):
            self.index[shingle].append(len(self.near))
        if found:
            self.near.append((line, found))

    def hit(self, text: str) -> Hit | None:
        """What the text is the same as, else what it is most like."""
        folded = fold(text)
        if len(folded.split()) < FEWEST:
            return None
        if (line := self.exact.get(sha256_text(folded))) is not None:
            return Hit("exact", 1.0, line)
        found = likeness.shingles(folded)
        some = {at for shingle in prefix(found) for at in self.index.get(shingle, ())}
        near = [(-likeness.likeness(found, self.near[at][1]), self.near[at][0]) for at in sorted(some)]
        best = min(near, default=(0.0, 0))
        return Hit("near", round(-best[0], 4), best[1]) if -best[0] >= likeness.SAME else None

    def as_json(self) -> dict[str, Any]:
        near = [[line, likeness.packed(found)] for line, found in self.near]
        return {"exact": self.exact, "near": near, "too_short": self.too_short}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Benchmark:
        made = cls(exact=kept["exact"], too_short=kept["too_short"])
        for line, found in kept["near"]:
            made.add(line, likeness.unpacked(found))
        return made


def prefix(found: likeness.Shingles) -> list[int]:
    """Enough of the smallest hashes to share one with whatever is near."""
    return sorted(found)[: len(found) - ceil(likeness.SAME * len(found)) + 1] if found else []


def rows(version: DatasetVersion, kind: str, after: int, limit: int) -> Iterator[Row]:
    """The next pairs or cases of the training split."""
    if kind == "pair":
        pairs = version.pairs.filter(split=Split.TRAIN, position__gt=after).order_by("position")[:limit]
        for at, name, prompt, chosen, rejected in pairs.values_list(
            "position", "pair_id", "prompt", "chosen", "rejected"
        ):
            answers = [("chosen", text_of(chosen[0]["content"])), ("rejected", text_of(rejected[0]["content"]))]
            yield Row(at, kind, name, [*asked(prompt), *answers])
        return
    cases = version.rows.filter(kind=VersionRow.Kind.CASE, data__split=Split.TRAIN, position__gt=after)
    for at, key, data in cases.order_by("position").values_list("position", "key", "data")[:limit]:
        yield Row(at, kind, key, [*asked(data["messages"]), ("answer", data["output"])])


def asked(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The turns of a prompt, each and all together; system turns are not asked by anybody."""
    turns = [text_of(turn.get("content")) for turn in messages if turn["role"] not in SYSTEM]
    together = ["\n".join(turns)] if len(turns) > 1 else []
    return [("prompt", text) for text in [*turns, *together]]


def hits(row: Row, benchmark: Benchmark) -> Iterator[tuple[str, Hit]]:
    """Part and hit; of the prompt's turns the one that is most alike."""
    best: dict[str, Hit] = {}
    for part, text in row.parts:
        if (hit := benchmark.hit(text)) and (part not in best or hit.likeness > best[part].likeness):
            best[part] = hit
    yield from best.items()


STEP = 1_000  # rows


def begin(version: DatasetVersion, name: str, data: bytes, *, by: Member, http: Any = None) -> ContaminationCheck:
    """Keep the hashes of a benchmark's texts and compare them in the background. Raises Unreadable."""
    benchmark = Benchmark.read(texts_of(name, data))
    if not benchmark.exact:
        raise Unreadable(f"There is no text of {FEWEST} words or more in it.")
    with transaction.atomic():
        check = ContaminationCheck.objects.create(
            project_id=version.project_id,
            version=version,
            name=name[-200:],
            requested_by=by,
            benchmark=benchmark.as_json(),
            n_texts=len(benchmark.exact),
            n_short=benchmark.too_short,
            total=version.statistics.get("by_split", {}).get(Split.TRAIN, 0) + version.counts.get("cases", 0),
        )
        record("contamination-checked", check, request=http, actor=by, name=check.name)
        check.ring()
    return check


def step(check: ContaminationCheck) -> bool:
    """Some rows; pairs first, then cases. At the end nothing of the benchmark is kept."""
    cursor = check.cursor or {"kind": "pair", "after": -1}
    benchmark = Benchmark.from_json(check.benchmark)
    some = list(rows(check.version, cursor["kind"], cursor["after"], STEP))
    of = {"project_id": check.project_id, "check_of_id": check.pk}
    ContaminationHit.objects.bulk_create(
        ContaminationHit(**of, row=row.kind, key=row.key, part=part, **hit._asdict())
        for row in some
        for part, hit in hits(row, benchmark)
    )
    check.done += len(some)
    check.cursor = {**cursor, "after": some[-1].position} if some else {"kind": "case", "after": -1}
    if some or cursor["kind"] == "pair":
        return False
    check.benchmark, check.total = {}, check.done
    return True
