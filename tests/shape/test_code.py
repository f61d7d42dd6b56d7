"""Rules of the code that a linter does not know."""

import ast
from pathlib import Path

from tests.shape.tree import calls, imported, name_of, product_files, refuse, tree, view_files

# Only the renderer of untrusted text may vouch for markup.
MAY_MARK_SAFE = ("feedback/text/",)
# Bytes that can run code when read, and formats with such readers.
UNSAFE_READERS = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"}
SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals")


def test_only_the_renderer_marks_text_as_safe() -> None:
    ours = [path for path in product_files() if not str(path).startswith(MAY_MARK_SAFE)]
    found = [f"{path}:{line} imports {name}" for path in ours for line, name in imported(path) if "mark_safe" in name]
    found += [
        f"{path}:{call.lineno} calls {name_of(call.func)}"
        for path in ours
        for call in calls(path)
        if name_of(call.func) in {"SafeString", "SafeText"}
    ]
    refuse(found, "Use format_html, a template, or the renderer in feedback/text.")


def test_lookups_in_views_start_from_the_member() -> None:
    found = [
        f"{path}:{node.lineno} uses .{node.attr}"
        for path in view_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    found += [
        f"{path}:{call.lineno} gets from the whole table of {name_of(call.args[0])}"
        for path in view_files()
        for call in calls(path)
        if name_of(call.func) in {"get_object_or_404", "get_list_or_404"}
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id[0].isupper()
    ]
    refuse(found, "Start from request.member (its project, its queues): a foreign id is then 404 by itself.")


def test_no_request_data_becomes_keyword_arguments() -> None:
    found = [
        f"{path}:{call.lineno} {ast.unparse(keyword.value)}"
        for path in product_files()
        for call in calls(path)
        for keyword in call.keywords
        if keyword.arg is None and ast.unparse(keyword.value).startswith(("request.", "self.request."))
    ]
    refuse(found, "A caller chooses the argument's name here: read the fields by name, through a form or a FilterSet.")


def test_json_is_answered_with_its_own_content_type() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path in product_files()
        for call in calls(path)
        if name_of(call.func) == "HttpResponse"
        and any(is_json_text(value) for value in [*call.args, *keyword_values(call)])
    ]
    refuse(found, "HttpResponse says text/html, which a browser renders: use JsonResponse.")


def test_nothing_is_read_with_a_reader_that_can_run_code() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in product_files()
        for line, name in imported(path)
        if name.split(".")[0] in UNSAFE_READERS
    ]
    refuse(found, "Read JSON, or a format that cannot run code.")


def test_rooms_do_not_talk_through_signals() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in product_files()
        for line, name in imported(path)
        if name.startswith(SIGNALS)
    ]
    refuse(found, "A lower room marks a row and a higher room sweeps for it.")


def keyword_values(call: ast.Call) -> list[ast.expr]:
    return [keyword.value for keyword in call.keywords if keyword.arg == "content"]


def is_json_text(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call) and name_of(value.func) in {"dumps", "encode"} and "json" in ast.unparse(value.func)
    )


def test_views_are_found_where_they_are_looked_for() -> None:
    assert Path("feedback/accounts/views.py") in view_files()
