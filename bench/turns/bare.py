"""The floor beside which bench/turn.py sets our figures: a bare Django project that keeps none of our promises.

    python bench/turns/bare.py ITEMS REVIEWERS TEXT      (make its tables; prints a session key for each reviewer)

`claim` runs one claiming statement and nothing else. `next` and `submit` are what any site does for a signed-in person:
session, user, a place under SKIP LOCKED, its texts on a page; then the review and the place in one transaction. It has
a schema of its own in the database of DATABASE_URL. Gunicorn serves it as it serves ours.
"""

from __future__ import annotations

import json
import os
import sys

import django
import environ
from django.conf import settings

DATABASE = environ.Env.db_url_config(os.environ["DATABASE_URL"])
DATABASE |= {"CONN_MAX_AGE": 600, "OPTIONS": {"options": "-c search_path=bare"}}
settings.configure(
    SECRET_KEY="bare" * 16,
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402

TABLES = """
CREATE TABLE item (id bigint PRIMARY KEY, prompt text NOT NULL, output text NOT NULL, passage text NOT NULL);
CREATE TABLE place (id bigint PRIMARY KEY, item_id bigint NOT NULL, state text NOT NULL, reviewer_id bigint);
CREATE TABLE review (id bigserial PRIMARY KEY, item_id bigint NOT NULL, reviewer_id bigint NOT NULL,
                     answers jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO item SELECT n, substr(%(text)s, n %% 600 + 1, 600), substr(%(text)s, n %% 600 + 1, 1200),
                        substr(%(text)s, n %% 400 + 1, 2000) FROM generate_series(1, least(%(items)s, 20000)) n;
INSERT INTO place SELECT n, n, 'open', NULL FROM generate_series(1, %(items)s) n;
CREATE INDEX place_open ON place (id) WHERE state = 'open';
CREATE INDEX place_of_item ON place (item_id);
ANALYZE item;
ANALYZE place
"""
CLAIM = """
UPDATE place SET state = 'claimed', reviewer_id = %s WHERE id = (
    SELECT id FROM place WHERE state = 'open' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING item_id
"""
PAGE = """<!doctype html><title>Next</title><form method="post" action="/submit/">
<input type="hidden" name="item" value="{{ item }}"><p>{{ prompt }}</p><p>{{ output }}</p><p>{{ passage }}</p>
<button>Submit</button></form>"""


def claim(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [0])
        return JsonResponse({"item": cursor.fetchone()[0]})


@login_required
def next_item(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [request.user.pk])
        cursor.execute("SELECT id, prompt, output, passage FROM item WHERE id = %s", cursor.fetchone())
        shown = dict(zip(("item", "prompt", "output", "passage"), cursor.fetchone(), strict=True))
    return HttpResponse(engines["django"].from_string(PAGE).render(shown))


@login_required
def submit(request: HttpRequest) -> HttpResponse:
    item, person = request.POST["item"], request.user.pk
    answers = json.dumps({"grounded": request.POST["q-grounded"], "helpful": int(request.POST["q-helpful"])})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO review (item_id, reviewer_id, answers) VALUES (%s, %s, %s)", [item, person, answers]
        )
        cursor.execute("UPDATE place SET state = 'filled' WHERE item_id = %s AND reviewer_id = %s", [item, person])
    return HttpResponse(status=204)


urlpatterns = [path("claim/", claim), path("next/", next_item), path("submit/", submit)]
application = get_wsgi_application()


def fill(items: int, reviewers: int, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        cursor.execute("CREATE SCHEMA bare")
        call_command("migrate", verbosity=0)
        for statement in TABLES.split(";"):
            cursor.execute(statement, {"items": items, "text": text})
    for number in range(reviewers):
        user = User.objects.create(username=f"reviewer-{number}")
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session.save()
        print(session.session_key)


if __name__ == "__main__":
    fill(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
