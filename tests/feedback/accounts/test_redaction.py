"""Secrets of one-time links never reach the logs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from feedback.accounts.models import Invitation, Project, SigninLink
from tests import make

pytestmark = pytest.mark.django_db


def test_a_refused_request_does_not_log_the_secret_of_its_link(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    logs: dict[str, Any] = settings.LOGGING
    (name,) = logs["handlers"]["console"]["filters"]
    caplog.handler.addFilter(import_string(logs["filters"][name]["()"])())
    links = [
        SigninLink.make(timedelta(hours=1), user=make.user()),
        Invitation.make(timedelta(hours=1), project=project, email="new@example.org", role="reviewer"),
    ]
    browser = Client(enforce_csrf_checks=True)
    with caplog.at_level(logging.INFO):
        answers = [browser.post(urlsplit(url).path) for _, url in links]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert caplog.text.count("…") == 2
    assert [url for _, url in links if urlsplit(url).path.rstrip("/").split("/")[-1] in caplog.text] == []
