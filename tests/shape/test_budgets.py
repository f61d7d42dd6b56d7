"""Sizes that keep the code readable. A room may argue with one in its README; it may not ignore one."""

from tests.shape.tree import ROOT, functions, lines, python_files, refuse, scripts, templates, view_files

FUNCTION_LINES = 60
VIEW_LINES = 45
TEST_LINES = 40
FILE_LINES = 400
TEMPLATE_LINES = 250
SCRIPT_LINES = 250


def test_no_function_is_longer_than_sixty_lines() -> None:
    found = [
        str(function) for path in python_files() for function in functions(path) if function.lines > FUNCTION_LINES
    ]
    refuse(found, f"A function has at most {FUNCTION_LINES} lines: give its steps names of their own.")


def test_no_view_is_longer_than_forty_five_lines() -> None:
    found = [str(function) for path in view_files() for function in functions(path) if function.lines > VIEW_LINES]
    refuse(
        found,
        f"A view has at most {VIEW_LINES} lines: move the process to a file with its name, the verb to the model.",
    )


def test_no_test_is_longer_than_forty_lines() -> None:
    tests = [function for path in python_files() if path.parts[0] == "tests" for function in functions(path)]
    found = [str(test) for test in tests if test.name.startswith("test_") and test.lines > TEST_LINES]
    refuse(found, f"A test has at most {TEST_LINES} lines: one sentence each, builders in tests/make.py.")


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    found = [f"{path} has {lines(path)} lines" for path in python_files() if lines(path) > FILE_LINES]
    refuse(found, f"A source file has at most {FILE_LINES} lines: split it by subject.")


def test_no_template_is_longer_than_two_hundred_and_fifty_lines() -> None:
    found = [f"{path} has {lines(path)} lines" for path in templates() if lines(path) > TEMPLATE_LINES]
    refuse(
        found,
        f"A template has at most {TEMPLATE_LINES} lines: a part that two pages share belongs in templates/components.",
    )


def test_no_page_script_is_longer_than_two_hundred_and_fifty_lines() -> None:
    found = [f"{path} has {lines(path)} lines" for path in scripts() if lines(path) > SCRIPT_LINES]
    refuse(found, f"A page script has at most {SCRIPT_LINES} lines: split it into modules.")


def test_the_budgets_are_measured_on_real_files() -> None:
    assert len(python_files()) > 50
    assert all((ROOT / path).is_file() for path in python_files())
