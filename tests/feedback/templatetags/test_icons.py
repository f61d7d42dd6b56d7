"""Icons by tag and by component are the same drawing."""

from django.template import Context, Template


def test_a_tag_and_the_component_draw_the_same() -> None:
    by_tag = Template('{% load icons %}{% icon "flag" %}').render(Context())
    by_component = Template('{% include "components/icon.html" with name="flag" only %}').render(Context())
    assert by_tag == by_component.strip()
    assert 'vendor/icons.svg#flag"/></svg>' in by_tag
    assert 'aria-hidden="true"' in by_tag


def test_a_name_is_escaped() -> None:
    assert "<script>" not in Template("{% load icons %}{% icon name %}").render(Context({"name": '"><script>'}))
