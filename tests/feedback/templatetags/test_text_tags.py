"""The renderer in templates."""

from django.template import Context, Template

from feedback.text.render import Mark, render_markdown, render_plain, render_segments


def rendered(source: str, **values: object) -> str:
    return Template("{% load text_tags %}" + source).render(Context(values))


def test_the_filters_are_the_renderer() -> None:
    text = "**a** <b> \u202e"
    marks = [Mark(1, 2, 3, "fabricated")]
    assert rendered("{{ text|markdown }}", text=text) == render_markdown(text)
    assert rendered("{{ text|plain }}", text=text) == render_plain(text)
    assert rendered("{{ text|segments:marks }}", text=text, marks=marks) == render_segments(text, marks)


def test_no_text_is_an_empty_layer() -> None:
    assert rendered("{{ text|plain }}", text=None) == rendered("{{ text|segments:marks }}", text=None, marks=[])
    assert "None" not in rendered("{{ text|markdown }}", text=None)
