"""What a caller writes after the question mark never walks the tables, and never breaks a page.

Every FilterSet is asked by name and value; every page and list is asked with nonsense in each parameter it reads.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django_filters import FilterSet

from feedback.accounts.models import Member
from feedback.permissions import methods_of
from tests import make, world
from tests.addresses import APIS, PAGES, SAMPLES, address
from tests.attacks.parameters import NamesOf, filter_sets, ours, read_at
from tests.shape.tree import calls, name_of, product_files, refuse, tree

pytestmark = pytest.mark.strict

# Ways to another table, or into the query itself, that a caller might write as a name.
WAYS = [
    "reviewer__password__startswith", "reviewer__user__password__startswith", "project__members__user__password",
    "project__apikeys__digest__startswith", "member__user__password__regex", "user__password", "pk__in", "id__in",
    "project", "project_id", "_connector", "_negated", "__class__", "__proto__", "constructor", "ordering", "order_by",
    "search", "sort", "fields", "expand", "include", "limit", "offset", "format", "filter", "queryset", "request",
]  # fmt: skip
LOOKUPS = ["__startswith", "__regex", "__in", "__isnull", "__gt", "__project__slug", "__members__user__password"]
VALUES = [
    "\0", "\ufffd", "9" * 19, "9" * 5000, "1e999", "NaN", "²", "(a+)+$", "%", "'", "a" * 10_000, "[]", "0001-01-01",
    "9999-12-31T23:59:59+23:59",
]  # fmt: skip


def made(kind: type[Any], data: dict[str, str], member: Member) -> FilterSet:
    """The FilterSet over the project's rows, as its view makes it."""
    model = kind._meta.model
    rows = model._default_manager.filter(project=member.project)
    needed = inspect.signature(kind.__init__).parameters
    options: dict[str, Any] = (
        {"member": member} if "member" in needed else {"request": SimpleNamespace(project=member.project)}
    )
    query = QueryDict(mutable=True)
    query.update(data)
    return kind(query, queryset=rows, **options)


def sql_of(filterset: FilterSet) -> str | None:
    """The query, None when the filters are refused."""
    return str(filterset.qs.query) if filterset.is_valid() else None


def concrete() -> list[type[Any]]:
    return [kind for kind in filter_sets() if kind._meta.model is not None]


def test_no_name_of_a_parameter_reaches_the_query(admin: Member) -> None:
    """All names at once; one at a time only where that is refused or changes something."""
    found = []
    for kind in concrete():
        plain = sql_of(made(kind, {}, admin))
        names = {*WAYS, *(name + lookup for name in kind.base_filters for lookup in LOOKUPS)} - set(kind.base_filters)
        if sql_of(made(kind, dict.fromkeys(names, "a"), admin)) == plain:
            continue
        for name in names:
            if sql_of(made(kind, {name: "a"}, admin)) not in {plain, None}:
                found.append(f"{kind.__qualname__} is narrowed by {name}")
    assert len(concrete()) > 9
    assert found == []


def test_no_value_of_a_filter_breaks_its_query(admin: Member) -> None:
    found = []
    world.one_of_everything(admin.project)
    for kind in concrete():
        for name in kind.base_filters:
            for value in VALUES:
                filterset = made(kind, {name: value}, admin)
                try:
                    with transaction.atomic():
                        list(filterset.qs[:2]) if filterset.is_valid() else []
                except Exception as error:
                    found.append(f"{kind.__qualname__}: {name}={value[:30]!r}: {error!r}"[:200])
    assert found == []


def test_filters_name_their_columns_one_by_one() -> None:
    found = [f"{kind.__qualname__}" for kind in ours(FilterSet) if kind._meta.fields == "__all__"]
    found += [f"{path}:{node.lineno}" for path in product_files() if path.name != "admin.py" for node in whole(path)]
    refuse(found, "Name the fields: a new column must not become writable or readable by itself.")


def whole(path: Any) -> Iterator[ast.Assign]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value == "__all__":
            yield node


QUERYING = {
    "filter",
    "exclude",
    "get",
    "Q",
    "order_by",
    "annotate",
    "alias",
    "aggregate",
    "values",
    "values_list",
    "extra",
}
GIVEN = {"data", "GET", "POST", "query_params", "params", "cleaned_data", "validated_data", "initial_data", "body"}


def test_no_callers_mapping_is_spread_into_a_query() -> None:
    """`filter(**data)` lets a caller choose column, lookup and connector (CVE-2025-64459)."""
    found = []
    for path in product_files():
        for call in calls(path):
            for given in [word.value for word in call.keywords if word.arg is None]:
                if name_of(call.func) in QUERYING and name_of(given) in GIVEN:
                    found.append(f"{path}:{call.lineno} {ast.unparse(given)}")
    refuse(found, "Name the columns in the code and take only values from the caller.")


DJANGO_WROTE_IT = (
    "feedback/inserts.py",
    "feedback/management/",
)  # or an operator's command, over the catalogue's names


def test_no_query_is_written_as_text() -> None:
    """SQL with something spread into it stands only where no caller's word can reach."""
    found = [
        f"{path}:{call.lineno}"
        for path in product_files()
        if not str(path).startswith(DJANGO_WROTE_IT)
        for call in calls(path)
        if name_of(call.func) in {"raw", "extra", "RawSQL"} or is_made_up(call)
    ]
    refuse(found, "Use the ORM, or parameters of execute().")


def is_made_up(call: ast.Call) -> bool:
    made_up = call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    return name_of(call.func) == "execute" and "schema_editor" not in ast.unparse(call.func) and bool(made_up)


# -- pages


def test_no_parameter_breaks_a_page(admin: Member) -> None:
    """In each parameter of the page at once, then each unknown name; what it is about stays the same."""
    world.one_of_everything(admin.project)
    browser, found = make.SignedIn(admin, raise_request_exception=False), []
    for route in [*PAGES, *APIS]:
        path = address(route, admin.project, admin)
        names = sorted(read_at(path))
        for value in ("\0", "9" * 19, "9" * 5000, "²"):
            for method in ("get", "post") if value[0] == "9" else ("get",):
                data = {name: [value, value] for name in names}
                answer = getattr(browser, method)(path, data)
                found += [f"{method} {path} {value[:9]!r}"] if answer.status_code >= 500 else []
    assert found == []


def test_each_parameter_alone_breaks_no_page(admin: Member, names_of: NamesOf) -> None:
    """The first bad value must not hide the second: what no column holds, one parameter at a time."""
    browser, found, n_sent = make.SignedIn(admin, raise_request_exception=False), [], 0
    for route in [*PAGES, *APIS]:
        path = address(route, admin.project, admin)
        for name in names_of(browser, path):
            for value in ("9" * 19, "\0"):
                answer = browser.get(path, {name: value})
                found += [f"{path} {name} {value[:9]!r}"] if answer.status_code >= 500 else []
                n_sent += 1
    assert n_sent > 80
    assert found == []


def test_an_order_cannot_be_asked_for(admin: Member) -> None:
    """The API has no ordering and no search parameter: a caller who asks for one is told so."""
    browser = make.SignedIn(admin)
    lists = [route for route in APIS if route.endswith("-list") and "GET" in methods_of(route) and route not in SAMPLES]
    for route in lists:
        for name in ("ordering", "search", "order_by", "sort"):
            assert browser.get(reverse(route), {name: "reviewer__user__password"}).status_code == 400, (route, name)
