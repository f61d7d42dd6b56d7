"""Nothing is written that a form or a body does not name: every form and body is sent again with every column there is.

What is stored is the same as without the extras: no sign of their values, no truth and no choice set otherwise.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.forms import ModelForm
from django.test import Client

from feedback.accounts.models import Member, User
from feedback.permissions import SCOPES
from reviews.queues import claim as claiming
from tests import make, world
from tests.attacks.parameters import forms, ours
from tests.attacks.test_borrowed_ids import examples, forms_of_project
from tests.databases import undone
from tests.shape.tree import calls, name_of, product_files, refuse

pytestmark = pytest.mark.once

WRITES = re.compile(r'(?:INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
SIGN, NUMBER = "zqextra", 987_654
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in {"feedback", "reviews"}]
# Never a field of a form or of a body: who it belongs to, what it may do, how it stands, and what proves it.
NEVER = {
    "id", "pk", "project", "project_id", "owner", "owner_id", "user", "user_id", "member", "reviewer", "is_superuser",
    "is_staff", "is_active", "groups", "user_permissions", "password", "digest", "prefix", "salt", "pseudonym",
    "created_at", "created_by", "used_at", "revoked_at", "disabled_at", "withdrawn_at", "state", "attempt", "hash",
    "lease_until", "cursor", "verdict", "is_queued", "sha256", "file", "draw_key", "body_hash",
}  # fmt: skip

LATER = {"skill"}  # of forms: in a list that comes when its fold is opened


def extras() -> dict[str, Any]:
    """A value for every column of every table of ours, by which it would be known again."""
    found: dict[str, Any] = {"pk": NUMBER, "groups": NUMBER, "user_permissions": NUMBER}
    for field in [field for model in OURS for field in model._meta.concrete_fields]:
        value: Any = SIGN
        if isinstance(field, models.BooleanField):
            value = True
        elif field.choices:
            value = [choice for choice, _ in field.flatchoices][-1]
        elif isinstance(field, models.IntegerField | models.FloatField | models.DecimalField) or field.is_relation:
            value = NUMBER
        elif isinstance(field, models.DateField):
            value = "2001-01-01"
        for name in (field.name, field.attname):
            found[name] = value if found.get(name) in {None, SIGN} else found[name]
    return found


Standing = dict[str, Counter[tuple[Any, ...]]]


def standing(models_: list[type[models.Model]]) -> Standing:
    """Table -> how often each combination of truths and choices stands in it."""
    found = {}
    for model in models_:
        columns = [f.attname for f in model._meta.concrete_fields if f.choices or isinstance(f, models.BooleanField)]
        found[model._meta.label] = Counter(model._default_manager.values_list(*columns)) if columns else Counter()
    return found


def signs(written: list[type[models.Model]]) -> list[str]:
    """Those of the tables in which a value of the extras was stored."""
    return [model._meta.label for model in written if model._default_manager.filter(told_by(model)).exists()]


def told_by(model: type[models.Model]) -> models.Q:
    found = models.Q(pk__in=[])
    for field in model._meta.concrete_fields:
        target: Any = getattr(field, "target_field", field)
        if isinstance(target, models.CharField | models.TextField):
            found |= models.Q(**{f"{field.attname}__contains": SIGN})
        elif isinstance(target, models.IntegerField | models.AutoField):
            found |= models.Q(**{field.attname: NUMBER})
        elif isinstance(target, models.DateTimeField):
            found |= models.Q(**{f"{field.attname}__year": 2001})
    return found


class Writes:
    """Which tables were written while it listened to the connection."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.names |= set(WRITES.findall(sql))
        return execute(sql, params, many, context)

    @property
    def models(self) -> list[type[models.Model]]:
        return [model for model in OURS if model._meta.db_table in self.names]


def sent(browser: Client, method: str, path: str, **options: Any) -> tuple[int, Standing, list[str]]:
    """The status, how the tables stand afterwards that were written, and signs of the extras; then all is undone."""
    written = Writes()
    with undone():
        with connection.execute_wrapper(written):
            answer = (
                browser.generic(method, path, **options) if "content_type" in options else browser.post(path, **options)
            )
        return answer.status_code, standing(written.models), signs(written.models)


def differences(before: Standing, after: Standing) -> list[str]:
    return [f"{label}: {before[label]} became {after[label]}" for label in before if before[label] != after[label]]


def test_no_form_writes_what_it_does_not_show(admin: Member) -> None:
    browser, found, n_changing = make.SignedIn(admin, raise_request_exception=False), [], 0
    world.one_of_everything(admin.project)
    more, untouched = extras(), standing(OURS)
    for action, form in forms_of_project(browser, admin.project, admin).items():
        data: dict[str, Any] = form.data()
        loaded = {name: value for name, value in more.items() if name not in data.keys() | LATER}
        status, honest, _ = sent(browser, "POST", action, data=data)
        again, other, written = sent(browser, "POST", action, data={**loaded, **data})
        n_changing += bool(differences(honest, untouched))
        found += [f"{action}: {status} became {again}"] if status != again else []
        found += [f"{action} wrote {', '.join(written)}"] if written else []
        found += [f"{action}: {words}" for words in differences(untouched | honest, untouched | other)]
    assert n_changing > 10  # forms that only ever fail would prove nothing
    assert found == []


def test_no_body_writes_what_the_description_does_not_name(admin: Member) -> None:
    secret = make.api_key(admin.project, *SCOPES, member=admin)
    browser = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
    queue, found = make.queue(admin.project), []
    make.items(queue, 3)
    held, more = claiming.claim(queue, admin), extras()
    for method, path, body in examples():
        path = path.format(token=held and held.token, key=queue.key, id=1)
        for one in [body] if isinstance(body, dict) else []:
            loaded = {name: value for name, value in more.items() if name not in one}
            for extra in (loaded, {name: value for name, value in loaded.items() if name in NEVER}):
                data = json.dumps({**one, **extra})
                status, _, written = sent(browser, method, path, data=data, content_type="application/json")
                found += [f"{method} {path} wrote {written} for {list(extra)[:3]}"] if written or status >= 500 else []
    assert found == []


def test_a_person_cannot_raise_themselves_on_their_own_pages(reviewer: Member) -> None:
    browser, more, me = make.SignedIn(reviewer), extras(), User.objects.filter(members=reviewer)
    before = me.values("is_staff", "is_superuser", "email", "password", "key").get()
    assert browser.post("/accounts/profile/", {**more, "name": "Rea"}).status_code == 302
    browser.post("/accounts/keys/", more)
    after = me.values("is_staff", "is_superuser", "email", "password", "key").get()
    assert after == before
    reviewer.refresh_from_db()
    assert reviewer.role == "reviewer"
    assert signs(OURS) == []


OF_ROWS = [kind for kind in ours(ModelForm) if not kind.__module__.endswith(".admin")]  # those have test_admin.py


@pytest.mark.parametrize("kind", OF_ROWS, ids=lambda kind: kind.__qualname__)
def test_forms_of_rows_name_their_fields(kind: Any) -> None:
    assert isinstance(kind._meta.fields, list | tuple)
    assert set(kind._meta.fields) & NEVER == set()


def test_no_form_has_a_field_that_a_person_must_not_choose() -> None:
    """Declared fields: `file` is an upload, `key` a name that is made once, `password1` the sign-up's."""
    found = {
        f"{kind.__qualname__}.{name}" for kind in forms() for name in getattr(kind, "base_fields", {}) if name in NEVER
    }
    assert {one for one in found if not one.startswith("User")} <= FILES


UPLOADS = ("UploadForm", "ResponseUploadForm", "RubricForm", "ImportForm", "BenchmarkForm")
FILES = {f"{name}.file" for name in UPLOADS} | {
    "TurnFilterForm.state", "ItemFilterForm.state", "JobFilterForm.state", "ItemFilter.state",
}  # fmt: skip


def test_bodies_are_read_by_serializers_that_are_no_models() -> None:
    """A ModelSerializer that is given a body writes whatever columns it shows: ours only show."""
    writing = {"given", "create", "update"}
    found = [
        f"{path}:{call.lineno}"
        for path in product_files()
        for call in calls(path)
        if name_of(call.func).endswith("Serializer") and any(word.arg == "data" for word in call.keywords)
    ]
    models_given = [
        f"{path}:{call.lineno} {name_of(call.args[0])}"
        for path in product_files()
        for call in calls(path)
        if name_of(call.func) in writing and call.args and name_of(call.args[0]) in shown_only()
    ]
    refuse(found + models_given, "Read a body with a plain Serializer that names its fields.")


def shown_only() -> set[str]:
    from rest_framework.serializers import ModelSerializer

    return {kind.__name__ for kind in ours(ModelSerializer)}
