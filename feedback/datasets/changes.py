"""What a version has that an earlier one had not, record by record: for who keeps a copy and wants only what changed.

Pairs that came or were judged otherwise, in their order in the newer version, then tombstones of those that went, in
their order in the older one. A page looks at so many frozen rows and no more, so it may be short, or empty and still
have a next one. Frozen rows give the same records each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from feedback.among import Among
from feedback.datasets import compare
from feedback.datasets.chain import HASHED
from feedback.datasets.models import DatasetVersion, PreferencePair

BLOCK = 2_000  # frozen rows that a page looks at
CURSOR = re.compile(r"(came|went)-([0-9]{1,9})")
Record = dict[str, Any]


class NoCursor(Exception):
    """This text is not one of ours."""


def page_of(older: DatasetVersion, newer: DatasetVersion, cursor: str = "") -> tuple[list[Record], str]:
    """Some records, and where to go on; "" when there is no more."""
    found = CURSOR.fullmatch(cursor or "came-0")
    if found is None:
        raise NoCursor
    stage, start = found[1], int(found[2])
    here = newer if stage == "came" else older
    rows = here.pairs.filter(position__gte=start).order_by("position")
    block = list(rows.values_list("position", "pair_id", *WEIGHED)[:BLOCK])
    records = came(older, newer, block) if stage == "came" else went(older, newer, block)
    if len(block) == BLOCK:
        return records, f"{stage}-{block[-1][0] + 1}"
    return records, "went-0" if stage == "came" else ""


WEIGHED = (*compare.JUDGED, "strength")


def came(older: DatasetVersion, newer: DatasetVersion, block: list[tuple[Any, ...]]) -> list[Record]:
    before = older.pairs.filter(Among("pair_id", [row[1] for row in block]))
    known = {row[0]: row[1:] for row in before.values_list("pair_id", *WEIGHED)}
    kinds = {row[0]: "changed" if row[1] in known else "added" for row in block if known.get(row[1]) != row[2:]}
    pairs = newer.pairs.filter(Among("position", list(kinds))).order_by("position")
    return [{"change": kinds[pair.position], **values(pair)} for pair in pairs]


def values(pair: PreferencePair) -> Record:
    return {name: getattr(pair, name) for name in HASHED if name != "position"}


def went(older: DatasetVersion, newer: DatasetVersion, block: list[tuple[Any, ...]]) -> list[Record]:
    ids = [row[1] for row in block]
    still = set(newer.pairs.filter(Among("pair_id", ids)).values_list("pair_id", flat=True))
    missing = [pair_id for pair_id in ids if pair_id not in still]
    if not missing:
        return []
    pairs = list(older.pairs.filter(Among("pair_id", missing)).select_related("verdict").order_by("position"))
    reasons = compare.why(pairs, newer)
    return [
        {"change": "removed", "pair_id": pair.pair_id, "split": pair.split, "reason": reasons[pair.pk]}
        for pair in pairs
    ]


def records(older: DatasetVersion, newer: DatasetVersion) -> Iterator[Record]:
    """All of them, read block by block."""
    cursor, is_more = "", True
    while is_more:
        some, cursor = page_of(older, newer, cursor)
        yield from some
        is_more = bool(cursor)
