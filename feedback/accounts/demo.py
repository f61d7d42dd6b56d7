"""The demo's people. They sign in by one-time links only."""

from __future__ import annotations

from feedback.accounts.models import Member, Project, User

SLUG = "travel-assistant"
PEOPLE = [
    ("rita@example.org", "Rita, travel law", "reviewer"),
    ("omar@example.org", "Omar, claims desk", "reviewer"),
    ("cleo@example.org", "Cleo, prompt engineer", "curator"),
    ("mona@example.org", "Mona, head of quality", "moderator"),
    ("adam@example.org", "Adam, administrator", "admin"),
]
# Reviewers of the past weeks, with habits of their own (demo.py of quality and moderation); they have no links.
FORMER = [
    ("ines@example.org", "Ines", "reviewer"),
    ("jon@example.org", "Jon", "reviewer"),
    ("kaya@example.org", "Kaya", "reviewer"),
    *[(f"{name.lower()}@example.org", name, "reviewer") for name in "Lena Marc Nora Otto Pia Quentin Rosa".split()],
]


def project() -> Project:
    return Project.objects.get_or_create(slug=SLUG, defaults={"name": "Travel assistant"})[0]


def fill(project: Project) -> None:
    for email, name, role in PEOPLE + FORMER:
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
        Member.objects.get_or_create(project=project, user=user, defaults={"role": role})
