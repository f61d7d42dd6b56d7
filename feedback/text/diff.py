"""What changed between two texts, word by word. difflib takes seconds on repetitive text; this does not."""

import re
from typing import Literal

from rapidfuzz.distance import Indel

Op = Literal["equal", "delete", "insert", "replace"]

MAX_TOKENS = 40_000  # of both texts together; beyond, the whole is one replacement

# White space; one mark of punctuation; one ideograph with what modifies it (no spaces between words there); else a
# word, which keeps combining marks, joiners and emoji sequences in one piece.
_PUNCTUATION = r"!-/:-@\[-`{-~«»¿¡‐-‧‰-⁞、-】。！-／：-＠"
_IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(
    rf"\s+|[{_PUNCTUATION}]|[{_IDEOGRAPH}][\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
    rf"|[^\s{_PUNCTUATION}{_IDEOGRAPH}]+"
)


def word_diff(a: str, b: str) -> list[tuple[Op, str, str]]:
    """Steps (op, text of a, text of b) from a to b; joined, they give back a and b exactly.

    Least insertions and deletions over words, by Indel distance (Hyyrö's bit-parallel LCS in rapidfuzz). A deletion
    beside an insertion is one replacement.
    """
    words_a, words_b = _TOKEN.findall(a), _TOKEN.findall(b)
    if len(words_a) + len(words_b) > MAX_TOKENS:
        return [("equal", a, b)] if a == b else [("replace", a, b)]
    numbers: dict[str, int] = {}
    coded_a, coded_b = ([numbers.setdefault(word, len(numbers)) for word in words] for words in (words_a, words_b))
    steps: list[tuple[Op, str, str]] = []
    for step in Indel.opcodes(coded_a, coded_b):
        part_a = "".join(words_a[step.src_start : step.src_end])
        part_b = "".join(words_b[step.dest_start : step.dest_end])
        if step.tag != "equal" and steps and steps[-1][0] != "equal":
            part_a, part_b = steps[-1][1] + part_a, steps[-1][2] + part_b
            steps.pop()
        steps.append((_named(step.tag, part_a, part_b), part_a, part_b))
    return steps


def differing(a: str, b: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where each text has words that the other one has not, as half-open stretches of code points."""
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    at = [0, 0]
    for op, *parts in word_diff(a, b):
        for side, part in enumerate(parts):
            if op != "equal" and part.strip():
                found[side].append((at[side], at[side] + len(part)))
            at[side] += len(part)
    return found


def _named(tag: str, part_a: str, part_b: str) -> Op:
    if tag == "equal":
        return "equal"
    if part_a and part_b:
        return "replace"
    return "delete" if part_a else "insert"
