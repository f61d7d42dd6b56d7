"""Fill a small believable world and print one-time links into it. Running it again fills what is missing."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from feedback.accounts import demo as people
from feedback.accounts.models import SigninLink, User

# Rooms in the order in which the world comes about: people, answers, questions to reviewers, what they said.
ROOMS = (
    "feedback.accounts",
    "feedback.responses",
    "feedback.critics",
    "feedback.rubrics",
    "reviews.queues",
    "reviews.sampling",
    "reviews.quality",
    "feedback.outbox",
    "feedback.datasets",
    "feedback.training",
    "reviews.moderation",
)


class Command(BaseCommand):
    help = "Fill the demo project and print sign-in links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = people.project()
        for room in ROOMS:
            import_module(f"{room}.demo").fill(project)
        links = []
        for email, name, role in people.PEOPLE:
            _, url = SigninLink.make(timedelta(days=1), user=User.objects.get(email=email))
            links.append({"name": name, "role": role, "url": url})
        if options["json"]:
            self.stdout.write(json.dumps({"project": project.slug, "links": links}))
            return
        self.stdout.write(f"\nThe project “{project.name}” is ready. Each link signs one person in, once:\n")
        for link in links:
            self.stdout.write(f"  {link['role']:<10} {link['name']:<24} {link['url']}")
        self.stdout.write("")
