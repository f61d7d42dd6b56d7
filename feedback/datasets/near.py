"""Questions that say nearly the same, found once for a project and kept, so that splits treat them as one.

Each folded question gets a sketch in the order in which builds come by it. A sketch knows its *anchors*: for each
question before it that says nearly the same (feedback/text/likeness.py), the anchors of that one, or that one itself
when it has none. Anchors never change, so near questions share an anchor whatever comes later, and the groups of
datasets (groups.py) take them as keys. Texts are read and hashed outside of transactions (`prepare`), then compared and
kept under the project's lock, so that two builds at once see each other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from feedback.accounts.models import Project
from feedback.among import Among
from feedback.datasets.models import DatasetVersion, PromptSketch, SketchBucket
from feedback.datasets.rule import RuleError, parse
from feedback.datasets.snapshot import counting
from feedback.datasets.storing import store
from feedback.judgements.models import Verdict
from feedback.responses.models import Response, ResponseBody
from feedback.responses.prepared import input_texts
from feedback.text import likeness
from feedback.text.hashes import fold

LOOKED_AT = 500  # verdicts a step: some tenths of a second
FULL = 64  # questions that a bucket keeps


@dataclass
class Sketch:
    fold_hash: str
    shingles: likeness.Shingles
    buckets: list[int]
    anchors: list[str] = field(default_factory=list)
    pk: int = 0

    @property
    def names(self) -> list[str]:
        """What a near question takes along: the anchors, or the question itself, which then becomes one."""
        return self.anchors or [self.fold_hash]


@dataclass
class Looked:
    """What a step of a build found among the verdicts up to this one."""

    last: int
    is_all: bool
    sketches: list[Sketch]


def prepare(version: DatasetVersion) -> Looked | None:
    """Before a step of a build that has not begun: sketch the questions of the next verdicts."""
    try:
        rule = parse(version.rule["rule"])
    except RuleError:
        return None  # which the step will say
    if missing := version.cursor.get("missing"):
        return Looked(version.cursor["looked"], True, sketches_of(version.project_id, missing))
    looked = version.cursor.get("looked", 0)
    after = counting(version.project_id, rule).filter(pk__gt=looked).order_by("pk")
    pks = list(after.values_list("pk", flat=True)[:LOOKED_AT])
    last = pks[-1] if pks else looked
    some = Response.objects.filter(subject_parts__subject__in=subjects(pks))
    is_all = len(pks) < LOOKED_AT
    return Looked(last, is_all, sketched(version.project_id, dict(pairs_of(some))))


def sketches_of(project_id: int, names: list[str]) -> list[Sketch]:
    some = Response.objects.filter(Among("fold_hash", names), project=project_id)
    return sketched(project_id, dict(pairs_of(some)))


def look_at(project_id: int, names: list[str]) -> None:
    """In the caller's transaction: a few."""
    keep(project_id, sketches_of(project_id, names))


def subjects(pks: list[int]) -> list[int]:
    return list(Verdict.objects.filter(Among("pk", pks)).order_by("pk").values_list("subject_id", flat=True))


def pairs_of(rows: Any) -> Iterator[tuple[str, int]]:
    """(fold hash, id) of the responses; of those with the same hash the first counts, which comes last."""
    yield from rows.order_by("-pk").values_list("fold_hash", "pk")


def sketched(project_id: int, responses: dict[str, int]) -> list[Sketch]:
    """Sketches of the questions that have none yet, in the order of their responses."""
    had = known(project_id, responses)
    wanted = {pk: name for name, pk in responses.items() if name not in had}
    bodies = ResponseBody.objects.filter(Among("response_id", wanted)).order_by("response_id")
    made = []
    for pk, variables, messages in bodies.values_list("response_id", "variables", "messages").iterator(100):
        found = likeness.shingles(fold("\n".join(input_texts(variables, messages))))
        made.append(Sketch(wanted[pk], found, likeness.buckets(found)))
    return made


def known(project_id: int, names: Iterable[str]) -> set[str]:
    rows = PromptSketch.objects.filter(Among("fold_hash", names), project=project_id)
    return set(rows.values_list("fold_hash", flat=True))


def keep(project_id: int, found: list[Sketch]) -> None:
    """Compare them with those that may be near, and keep them with their anchors."""
    if not found:
        return
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    had = known(project_id, [one.fold_hash for one in found])
    fresh = [one for one in found if one.fold_hash not in had]
    held = in_buckets(project_id, [bucket for one in fresh for bucket in one.buckets])
    rows: list[tuple[int, Sketch]] = []
    for one in fresh:
        one.anchors = anchored(one, {id(other): other for bucket in one.buckets for other in held[bucket]}.values())
        for bucket in one.buckets:
            if len(held[bucket]) < FULL:
                held[bucket].append(one)
                rows.append((bucket, one))
    made = PromptSketch.objects.bulk_create(
        PromptSketch(
            project_id=project_id,
            fold_hash=one.fold_hash,
            shingles=likeness.packed(one.shingles),
            anchors=one.anchors,
        )
        for one in fresh
    )
    ids = {row.fold_hash: row.pk for row in made}
    of = {"project_id": project_id}
    store(SketchBucket, [{**of, "bucket": bucket, "sketch_id": ids[one.fold_hash]} for bucket, one in rows])


def anchored(one: Sketch, others: Iterable[Sketch]) -> list[str]:
    """The anchors of those that are near, each once; whoever would add none is not compared."""
    found: set[str] = set()
    for other in others:
        if not found.issuperset(other.names) and likeness.is_near(one.shingles, other.shingles):
            found.update(other.names)
    return sorted(found)


def in_buckets(project_id: int, wanted: list[int]) -> dict[int, list[Sketch]]:
    """What stands in these buckets, the eldest first."""
    held: dict[int, list[Sketch]] = defaultdict(list)
    rows = SketchBucket.objects.filter(Among("bucket", set(wanted)), project=project_id).order_by("pk")
    pairs = list(rows.values_list("bucket", "sketch_id"))
    sketches = {}
    for row in PromptSketch.objects.filter(Among("pk", {pk for _, pk in pairs})).iterator(200):
        shingles = likeness.unpacked(row.shingles)
        sketches[row.pk] = Sketch(row.fold_hash, shingles, [], row.anchors, row.pk)
    for bucket, pk in pairs:
        held[bucket].append(sketches[pk])
    return held
