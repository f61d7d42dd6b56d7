"""Colours are said once, and text can be read on every surface in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from tests.shape.tree import ROOT, refuse

CSS = ROOT / "static" / "css"
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--ts-([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", (CSS / "theme.css").read_text()
    )
}
SURFACES = ["paper", "surface", "sunken", "raised"]
TEXT_ON = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent", "bad") for ground in SURFACES),
    *((kind, f"{kind}-soft") for kind in ("good", "warn", "bad", "odd", "accent")),
    *(("ink", f"{kind}-soft") for kind in ("good", "warn", "bad", "odd", "accent")),
    *((ink, "accent-tint") for ink in ("ink", "ink-2", "ink-3", "accent", "bad")),
    ("accent-ink", "accent"), ("accent-ink", "accent-strong"), ("paper", "ink"),
]  # fmt: skip
LINES_ON = [("line-strong", ground) for ground in ("surface", "accent-tint")]


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "name"), [(0, "light"), (1, "dark")])
def test_text_and_control_borders_stand_out_from_every_surface(theme: int, name: str) -> None:
    found = [
        f"{name}: {front} on {ground} is {ratio:.2f}:1, needs {least}:1"
        for pairs, least in ((TEXT_ON, 4.5), (LINES_ON, 3.0))
        for front, ground in pairs
        if (ratio := contrast(TOKENS[front][theme], TOKENS[ground][theme])) < least
    ]
    refuse(found, "Change the token in static/css/theme.css:")


def test_only_the_theme_names_colours() -> None:
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
    found = [
        f"{path.name}:{number} {match[0]}"
        for path in sorted(CSS.glob("*.css"))
        if path.name != "theme.css"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for match in colour.finditer(line)
    ]
    refuse(found, "Use a --ts- variable of static/css/theme.css:")


def test_contrast_is_measured_as_published() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
