"""Markdown of strangers as HTML: markdown-it with HTML off, our own rules for links, images and code, then nh3.

Two independent walls: the parser never passes HTML through, and the sanitiser keeps only what this file names.
Ask `render.py` for rendered text; nothing else may call this.
"""

import re
from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments.token import STANDARD_TYPES

from feedback.text.badges import badged
from feedback.text.highlight import Patience, highlighted
from feedback.text.links import SCHEMES, image_origin, names_other_host, target_host

MAX_NESTING = 20
MAX_SHOWN_TARGET = 120  # characters of an address that is no link
# Past these, parsing time grows with the square of the text: brackets that stay open in one block, cells of a table.
MAX_OPEN_BRACKETS = 100
MAX_CELLS = 20_000

_BRACKET_OR_BLANK = re.compile(r"[\[\]()]|\n[ \t]*\n")
_DELIMITERS = "|:- >\t"  # all that the line under a table's head is made of
_ALIGNMENT = {"text-align:left": "text-start", "text-align:center": "text-center", "text-align:right": "text-end"}
_EXAMPLE = re.compile(r"(good|bad)( example)?[:.]?", re.IGNORECASE)  # the bold words that a quoted example begins with
_OURS = {"hidden-char", "inert-image", "inert-link", "link-host", "highlight"}

_TAGS = set("p br hr em strong s code pre blockquote ul ol li h3 h4 h5 h6 table thead tbody tr th td a span".split())
_CLASSES = {
    "span": _OURS | {name for name in STANDARD_TYPES.values() if name},
    "pre": {"highlight"},
    "blockquote": {"example-good", "example-bad"},
    "th": set(_ALIGNMENT.values()),
    "td": set(_ALIGNMENT.values()),
}


def is_costly(text: str) -> bool:
    """True for text built to keep the parser busy, which is then shown as it is."""
    lines = text.splitlines()
    columns = max((line.count("|") for line in lines if not line.strip(_DELIMITERS)), default=0)
    return columns * len(lines) > MAX_CELLS or _open_brackets(text) > MAX_OPEN_BRACKETS


def _open_brackets(text: str) -> int:
    """How many brackets of one kind are open at once, at most, in one block of text."""
    most = squares = rounds = 0
    for match in _BRACKET_OR_BLANK.finditer(text):
        match match[0]:
            case "[":
                squares += 1
            case "]":
                squares = max(0, squares - 1)
            case "(":
                rounds += 1
            case ")":
                rounds = max(0, rounds - 1)
            case _:
                squares = rounds = 0
        most = max(most, squares, rounds)
    return most


def to_html(text: str) -> str:
    """Clean HTML of Markdown. The caller has checked its size and cost."""
    return _CLEANER.clean(_PARSER.render(text))


class _Renderer(RendererHTML):
    """Hidden characters shown, nothing that loads by itself, no attribute of the author's choosing."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return badged(tokens[idx].content)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f"<code>{badged(tokens[idx].content)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f"<pre><code>{badged(tokens[idx].content)}</code></pre>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        language = (tokens[idx].info.split() or [""])[0]
        patience = env.setdefault("patience", Patience())  # one for the whole text: env is made for each
        return f'<pre class="highlight"><code>{highlighted(tokens[idx].content, language, patience)}</code></pre>\n'

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        alt = self.renderInlineAsText(tokens[idx].children, options, env).strip()
        origin = image_origin(str(tokens[idx].attrGet("src") or ""))
        return (
            f'<span class="inert-image">Image not loaded: {badged(alt or "no description")} ({badged(origin)})</span>'
        )

    def link_host(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f' <span class="link-host">({badged(tokens[idx].content)})</span>'


def _tame(state: StateCore) -> None:
    """After parsing: headings below the page's own, alignment and examples as classes, links that say where they go."""
    for number, token in enumerate(state.tokens):
        if token.type == "blockquote_open" and (kind := _kind_of_example(state.tokens[number + 1 : number + 3])):
            token.attrs["class"] = f"example-{kind}"
        elif token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style in _ALIGNMENT:
                token.attrs["class"] = _ALIGNMENT[style]
        elif token.type == "inline" and token.children:
            token.children = _with_targets(token.children)


def _kind_of_example(inside: list[Token]) -> str:
    """A quotation that begins with **Good** or **Bad** shows how to judge, or how not to."""
    children = inside[-1].children or [] if [token.type for token in inside] == ["paragraph_open", "inline"] else []
    shown = [child for child in children if child.type != "text" or child.content]
    match = _EXAMPLE.fullmatch(shown[1].content) if len(shown) > 2 and shown[0].type == "strong_open" else None
    return match[1].lower() if match and shown[2].type == "strong_close" else ""


def _with_targets(children: list[Token]) -> list[Token]:
    """Links do not nest, so one open link is all there is to remember."""
    result: list[Token] = []
    opened: Token | None = None
    words: list[str] = []
    for child in children:
        result.append(child)
        if child.type == "link_open":
            opened, words = child, []
        elif child.type == "link_close" and opened is not None:
            result += _close_link(opened, child, "".join(words))
            opened = None
        elif opened is not None:
            words.append(child.content)
    return result


def _close_link(opened: Token, closed: Token, words: str) -> list[Token]:
    """What to say after the link: nothing, its host when the words name another, or its target when it is inert."""
    href = str(opened.attrs.get("href", ""))
    host = target_host(href)
    if host is None:
        opened.tag = closed.tag = "span"
        opened.attrs = {"class": "inert-link"}
        return [Token("link_host", "", 0, content=href[:MAX_SHOWN_TARGET] or "no address")]
    opened.attrs = {"href": href}
    return [Token("link_host", "", 0, content=host)] if names_other_host(words, host) else []


def _is_known_scheme(url: str) -> bool:
    """Others stay as they were typed. `data:` images pass: they become a placeholder, not a screenful of base64."""
    scheme, colon, _ = url.strip().lower().partition(":")
    return not colon or scheme in SCHEMES or not scheme.isalnum() or url.strip().lower().startswith("data:image/")


def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "js-default", {"html": False, "linkify": False, "maxNesting": MAX_NESTING}, renderer_cls=_Renderer
    )
    parser.validateLink = _is_known_scheme  # type: ignore[method-assign]
    parser.core.ruler.push("tame", _tame)
    return parser


_PARSER = _parser()
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes={"a": {"href"}, "span": {"title"}, "ol": {"start"}},
    allowed_classes=_CLASSES,
    url_schemes=set(SCHEMES),
    link_rel="noopener nofollow noreferrer",
    strip_comments=True,
)
