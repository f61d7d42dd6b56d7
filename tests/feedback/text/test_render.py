"""The three ways of showing untrusted text, on friendly text."""

import re

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from feedback.text import render
from feedback.text.render import MAX_MARKDOWN, Mark, render_markdown, render_plain, render_segments
from tests.feedback.text.browser import Page

AWKWARD = [
    "👩🏽‍🚀",
    "e\u0301",
    "𝒳",
    "\r\n",
    "\r",
    "\n",
    "שלום",
    "\u2028",
    "\u202e",
    "\U000e0041",
    "<b>",
    "&amp;",
    "&",
    '"',
    "\ufeff",
    " ",
]
texts = st.lists(
    st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
    max_size=12,
).map("".join)


def body(text: str) -> str:
    """The rendered Markdown without its wrapper."""
    match = re.fullmatch(r'<div class="markdown" dir="auto" hx-disable>(.*)</div>', render_markdown(text), re.DOTALL)
    assert match
    return match[1].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a *b* **c** ~~d~~ `e`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e</code></p>"),
        ("# One\n\n##### Five", "<h3>One</h3>\n<h6>Five</h6>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> a\n\n---", "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>"),
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("5 < 6 & 7", "<p>5 &lt; 6 &amp; 7</p>"),
        ("www.a.example https://a.example", "<p>www.a.example https://a.example</p>"),
    ],
)
def test_markdown_looks_as_it_was_meant(text: str, expected: str) -> None:
    assert body(text) == expected


def test_a_table_keeps_its_alignment_as_classes() -> None:
    assert '<th class="text-end">b</th>' in body("|a|b|\n|-|-:|\n|1|2|")


def test_code_is_coloured_by_the_name_on_its_fence() -> None:
    assert '<span class="k">def</span>' in body("```python\ndef f(): pass\n```")
    for unknown in ("", "klingon", "python.exe"):
        assert body(f"```{unknown}\ndef f(): pass\n```") == '<pre class="highlight"><code>def f(): pass\n</code></pre>'


def test_an_image_is_described_and_never_loaded() -> None:
    shown = body("![A **plan**](https://t.example/p.png?q=secret 'title')")
    assert shown == '<p><span class="inert-image">Image not loaded: A plan (t.example)</span></p>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[the plan](https://evil.example/plan)", None),
        ("[bank.example](https://bank.example/a)", None),
        ("[www.bank.example](https://bank.example)", None),
        ("[bank.example](https://evil.example)", "evil.example"),
        ("[https://bank.example/login](https://bank.example@evil.example/login)", "evil.example"),
        ("[bank.example](https://bank.example.evil.example)", "bank.example.evil.example"),
        ("[bank。example](https://evil.example)", "evil.example"),
        ("[**bank**.example](https://evil.example)", "evil.example"),
        ("[`bank.example`](https://evil.example)", "evil.example"),
        ("[ba\u200bnk.example](https://evil.example)", "evil.example"),
        ("[help@bank.example](mailto:x@evil.example)", "evil.example"),
        ("[аpple.example](https://аpple.example)", "xn--pple-43d.example"),
    ],
)
def test_a_link_that_names_another_host_shows_where_it_goes(text: str, shown: str | None) -> None:
    hosts = re.findall(r'<span class="link-host">\((.*?)\)</span>', body(text))
    assert hosts == ([shown] if shown else [])


def test_a_link_into_our_own_pages_is_inert_and_says_its_target() -> None:
    assert body("[ok](/queues/1/withdraw)") == (
        '<p><span class="inert-link">ok</span> <span class="link-host">(/queues/1/withdraw)</span></p>'
    )


def test_hidden_characters_are_badges_in_text_code_and_descriptions() -> None:
    badge = '<span class="hidden-char" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>'
    for text in (
        "a\u202eb",
        "`a\u202eb`",
        "    a\u202eb",
        "```python\n'a\u202eb'\n```",
        "![a\u202eb](x)",
        "a&#x202e;b",
        "# a\u202eb",
    ):
        assert badge in body(text), text
        assert "\u202e" not in body(text)


def test_a_text_beyond_the_cap_is_plain_with_a_notice() -> None:
    long = "**a** " * (MAX_MARKDOWN // 6 + 1)
    assert "<strong>" not in render_markdown(long)
    assert render_markdown(long).startswith('<p class="text-notice">Shown as plain text')
    assert "<strong>" in render_markdown(long[:MAX_MARKDOWN])


def test_ordinary_brackets_and_tables_are_not_taken_for_an_attack() -> None:
    text = "\n\n".join(["Between [0, 1) and [1, 2): [a](https://a.example)."] * 300)
    table = "|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * 500
    assert "text-notice" not in render_markdown(text) + render_markdown(table)


@given(texts)
def test_the_plain_layer_holds_exactly_the_text(text: str) -> None:
    assert Page(render_plain(text)).text == text


@given(
    texts,
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["contradicted", "x y", ""])), max_size=6
    ),
)
def test_marks_do_not_change_the_text(text: str, ranges: list[tuple[int, int, str]]) -> None:
    marks = [Mark(number, start, end, kind) for number, (start, end, kind) in enumerate(ranges)]
    assert Page(render_segments(text, marks)).text == text


def test_hidden_characters_in_the_plain_layer_stay_and_are_framed() -> None:
    assert '<bdi class="hidden-char" data-char="U+202E" title="U+202E RIGHT-TO-LEFT OVERRIDE">\u202e</bdi>' in (
        render_plain("a\u202eb")
    )


def test_overlapping_marks_name_all_their_kinds_and_ids() -> None:
    shown = render_segments(
        "It pays after 6 hours.", [Mark(7, 3, 15, "contradicted"), Mark("p-1", 14, 21, "unsupported")]
    )
    assert '<mark class="span contradicted" data-spans="7">pays after </mark>' in shown
    assert '<mark class="span contradicted unsupported overlap" data-spans="7 p-1">6</mark>' in shown
    assert '<mark class="span unsupported" data-spans="p-1"> hours</mark>' in shown


def test_a_mark_cannot_bring_markup() -> None:
    shown = render_segments("abc", [Mark('"><script>', 0, 2, 'x" onclick="y')])
    assert [tag for tag, _ in Page(shown).elements] == ["div", "mark"]
    assert Page(shown).elements[1][1] == {"class": "span", "data-spans": '"><script>'}


def test_all_three_are_safe_strings() -> None:
    assert all(
        isinstance(html, SafeString) for html in (render_markdown("a"), render_plain("a"), render_segments("a", []))
    )


def test_a_text_is_laid_out_once() -> None:
    first = render_markdown("Laid out once, and then remembered.")
    assert str(render_markdown("Laid out once, and then remembered.")) == first


def test_the_cache_is_bounded_by_weight_and_drops_the_oldest() -> None:
    cache = render._Cache(10)
    for name in ("a", "b", "c"):
        cache.put((name, 1), "xxxx")
        cache.get(("a", 1))
    assert [cache.get((name, 1)) for name in ("a", "b", "c")] == ["xxxx", None, "xxxx"]
    cache.put(("d", 1), "y" * 11)
    assert [cache.get((name, 1)) for name in ("a", "c", "d")] == [None, None, None]
    assert cache._weight == 0
