"""Which texts are about the same in the same words: cosine of TF-IDF vectors.

A term's weight in a text is (1 + ln tf) · ln(1 + N / df), the vectors have length 1, likeness is their inner product
(Salton & Buckley 1988, "Term-weighting approaches in automatic text retrieval", the scheme "ltc" with a smoothed idf,
so that a term of all texts still counts a little). 0 for texts without a shared word, 1 for the same words as often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt

from feedback.text.hashes import fold

_WORDS = re.compile(r"\w+")


def similarities(text: str, others: Sequence[str]) -> list[float]:
    """How like the text each of the others is, 0 to 1, in their order."""
    counts = [Counter(terms(one)) for one in (text, *others)]
    texts_with = Counter(term for found in counts for term in found)
    vectors = [vector(found, texts_with, len(counts)) for found in counts]
    mine = vectors[0]
    return [sum(weight * mine[term] for term, weight in other.items() if term in mine) for other in vectors[1:]]


def terms(text: str) -> list[str]:
    """Words; of scripts that are written without spaces, characters."""
    words = _WORDS.findall(fold(text))
    return [part for word in words for part in (word if is_unspaced(word[0]) else [word])]


def is_unspaced(character: str) -> bool:
    """Whether it is of a script without spaces between words: Thai to Burmese, Khmer, Chinese, Japanese."""
    return "\u0e00" <= character < "\u10a0" or "\u1780" <= character < "\u1800" or "\u2e80" <= character < "\uac00"


def vector(found: Counter[str], texts_with: Counter[str], n_texts: int) -> dict[str, float]:
    weights = {term: (1 + log(n)) * log(1 + n_texts / texts_with[term]) for term, n in found.items()}
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / length for term, weight in weights.items()}
