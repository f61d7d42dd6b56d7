from feedback.templatetags.scales import anchor

OPTIONS = {"min": 1, "max": 5, "anchors": {"1": "No use", "5": "Solves it"}}


def test_it_gives_the_words_of_a_point_by_number_or_text() -> None:
    assert anchor(OPTIONS, 1) == "No use"
    assert anchor(OPTIONS, "5") == "Solves it"


def test_it_is_empty_where_the_rubric_says_nothing() -> None:
    assert anchor(OPTIONS, 3) == ""
    assert anchor({"min": 1, "max": 5}, 1) == ""
    assert anchor({"anchors": ["No use"]}, 0) == ""
    assert anchor(None, 1) == ""
