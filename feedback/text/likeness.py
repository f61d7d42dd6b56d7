"""How much two texts say the same: overlap of their runs of five words, and how to find who overlaps without comparing
all with all.

The shingles of a folded text are the 32-bit hashes of its runs of WORDS words; its likeness to another is |A ∩ B| /
|A ∪ B| (Jaccard). Two texts whose likeness is SAME or more are near-duplicates. Candidates are texts that share one of
BANDS buckets: the MinHash signature (Broder 1997; 128 permutations, of which bands take 126) cut into bands of ROWS,
each hashed to a number. Texts of likeness s share a bucket with probability 1 − (1 − s^7)^18: .9994 at .88 (one word of
80 is another), .985 at .8, .79 at .7, .13 at .5. All numbers depend on the text alone, on every machine.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Set as AbstractSet
from functools import cache
from hashlib import blake2b
from struct import pack, unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from datasketch import MinHash

WORDS = 5
PERMUTATIONS = 128
BANDS, ROWS = 18, 7
SAME = 0.8

Shingles = frozenset[int]


def shingles(folded: str) -> Shingles:
    """Of a text that was folded already; none where it has fewer than WORDS words."""
    words = folded.split()
    runs = (" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1))
    return frozenset(int.from_bytes(blake2b(run.encode(), digest_size=4).digest()) for run in runs)


def likeness(one: AbstractSet[int], other: AbstractSet[int]) -> float:
    """Jaccard; 0 where one of the two has no shingles."""
    if not one or not other:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def is_near(one: AbstractSet[int], other: AbstractSet[int]) -> bool:
    if min(len(one), len(other)) < SAME * max(len(one), len(other)):
        return False  # the smaller within the larger would not be enough
    return likeness(one, other) >= SAME


def packed(found: Shingles) -> str:
    """As text: base64 of four bytes each, the most significant first, in ascending order."""
    return b64encode(pack(f">{len(found)}I", *sorted(found))).decode()


def unpacked(text: str) -> Shingles:
    data = b64decode(text)
    return frozenset(unpack(f">{len(data) // 4}I", data))


def buckets(found: Shingles) -> list[int]:
    """The numbers of the buckets that it falls into, one a band, as signed 64-bit integers. For workers: this imports
    datasketch.
    """
    if not found:
        return []
    values = signature(found)
    return [bucket(band, values[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]


def signature(found: Shingles) -> np.ndarray:
    made = empty().copy()
    made.update_batch(sorted(found))
    return made.hashvalues.astype(">u4")


@cache
def empty() -> MinHash:
    """Of no shingles: its permutations are drawn once."""
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)


def bucket(band: int, values: bytes) -> int:
    return int.from_bytes(blake2b(bytes([band]) + values, digest_size=8).digest(), signed=True)
