"""Personal data and secrets in texts, found by their form: e-mail addresses, telephone numbers, bank accounts, cards,
network addresses, keys of services.

What has check digits counts only when they hold (IBAN: ISO 7064 mod 97; cards: Luhn), so that most numbers of orders
and parts are left alone. Names and postal addresses have no form and are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple


class Found(NamedTuple):
    start: int
    end: int
    kind: str


def is_iban(text: str) -> bool:
    """Two letters, two check digits, 11 to 30 further characters; moved and read as a number it is 1 modulo 97."""
    plain = re.sub(r"[ -]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def iban(text: str) -> int:
    """How much of the text is an account: a word may stand after it as if it were its last group."""
    while text and not is_iban(text):
        text = text[: max(text.rfind(" "), text.rfind("-"), 0)]
    return len(text)


def is_card(text: str) -> bool:
    """13 to 19 digits whose Luhn sum ends in 0, and not all the same."""
    digits = [int(digit) for digit in text if digit.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_address(text: str) -> bool:
    """A name such as a::b, which programs have, is none."""
    try:
        return not ip_address(text).is_unspecified and sum(letter.isdecimal() for letter in text) > 1
    except ValueError:
        return False


def is_phone(text: str) -> bool:
    """8 to 15 digits; a date or a plain number is none."""
    digits = sum(letter.isdecimal() for letter in text)
    is_date = re.fullmatch(r"\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4}", text)
    return 8 <= digits <= 15 and not is_date


def whole(holds: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda text: len(text) if holds(text) else 0


KEYS = (
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{16,200}|sk-[A-Za-z0-9]{20,200}|gh[oprsu]_[A-Za-z0-9]{36,200}"
    r"|github_pat_\w{22,200}|xox[abeoprs]-[\w-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,200}"
    r"|glpat-[\w-]{20,200}|eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000}"
)
# In the order in which they are looked for: what one has found, a later one does not look at.
FORMS: list[tuple[str, re.Pattern[str], Callable[[str], int]]] = [  # kind, form, how much of what has the form is it
    ("key", re.compile(rf"(?<![\w-])(?:{KEYS})(?![\w-])", re.ASCII), len),
    (
        "email",
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])", re.ASCII),
        len,
    ),
    ("iban", re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){3,9}(?!\w)", re.ASCII), iban),
    ("card", re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])", re.ASCII), whole(is_card)),
    (
        "ip",
        re.compile(
            r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4})(?![\w:]|\.\w)",
            re.ASCII,
        ),
        whole(is_address),
    ),
    (
        "phone",
        re.compile(
            r"(?<![\w.+-])(?<!\d )(?:(?:\+\d{1,3}[ .-]?|\(?0)(?:[ ./-]?\(?\d{1,5}\)?){2,7}"
            r"|(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4})(?![\w-])",
            re.ASCII,
        ),
        whole(is_phone),
    ),
]


def found_in(text: str) -> list[Found]:
    """What stands in the text, in its order, none over another."""
    found: list[Found] = []
    for kind, form, length in FORMS:
        for match in form.finditer(text):
            start, end = match.start(), match.start() + length(match[0])
            if end > start and all(end <= one.start or one.end <= start for one in found):
                found.append(Found(start, end, kind))
    return sorted(found)


def has_any(value: Any) -> bool:
    """Whether any string in it, at any depth, holds something."""
    return any(found_in(text) for text in strings(value))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@dataclass
class Scrub:
    """Puts placeholders such as [EMAIL_1] in the place of what is found. The same datum has the same placeholder in all
    texts that one Scrub has seen, so that what people say of each other still makes sense.
    """

    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def name(self, kind: str, text: str) -> str:
        plain = re.sub(r"[\s./()-]", "", text).casefold() if kind != "key" else text
        if (kind, plain) not in self.names:
            number = 1 + sum(known == kind for known, _ in self.names)
            self.names[kind, plain] = f"[{kind.upper()}_{number}]"
        return self.names[kind, plain]

    def text(self, text: str) -> str:
        return self.moved(text, [])[0]

    def moved(self, text: str, places: list[int]) -> tuple[str, list[int]]:
        """The text, and where these places of the old one are in it. A place within what was replaced goes to the
        placeholder's beginning, or to its end when it closes a stretch: see `stretch`.
        """
        parts, shifts, at = [], list[tuple[int, int, int]](), 0
        for start, end, kind in found_in(text):
            name = self.name(kind, text[start:end])
            parts += [text[at:start], name]
            shifts.append((start, end, len(name)))
            at = end
        return "".join([*parts, text[at:]]), [moved_to(place, shifts) for place in places]

    def stretch(self, text: str, start: int, end: int) -> tuple[int, int]:
        """Where a marked stretch of the old text is in the new one; it grows over a placeholder that it cuts."""
        for one in found_in(text):
            start = one.start if one.start < start < one.end else start
            end = one.end if one.start < end < one.end else end
        new = self.moved(text, [start, end])[1]
        return new[0], new[1]

    def value(self, value: Any) -> Any:
        """The same shape with every string scrubbed; keys of objects stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value


def moved_to(place: int, shifts: list[tuple[int, int, int]]) -> int:
    by = 0
    for start, end, length in shifts:
        if place <= start:
            break
        if place < end:
            return start + by
        by += length - (end - start)
    return place + by
