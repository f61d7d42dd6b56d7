"""Questions for who knows the subject: tags that admins give, and whom a question is offered to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues.escalate import EscalationRefused, raise_escalation, set_skills, skills_of
from reviews.queues.models import Escalation
from tests import make, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_moderator(project: Project) -> Member:
    return make.member(project, "moderator", name="Olu Other")


def offered(member: Member) -> list[Escalation]:
    return list(Escalation.objects.filter(project=member.project).offered_to(member))


def test_tags_are_small_letters_once_each(moderator: Member, admin: Member) -> None:
    assert set_skills(moderator, [" Contract  Law", "contract law", "", "Medicine"], admin) == [
        "contract law",
        "medicine",
    ]
    assert set_skills(moderator, ["medicine"], admin) == ["medicine"]
    assert AuditEvent.objects.filter(verb="skills-changed").count() == 2
    for wrong in (["x" * 41], [str(number) for number in range(21)]):
        with pytest.raises(EscalationRefused):
            set_skills(moderator, wrong, admin)


def test_only_who_carries_the_skill_is_offered_the_question(
    project: Project, reviewer: Member, moderator: Member, other_moderator: Member, admin: Member
) -> None:
    set_skills(moderator, ["medicine"], admin)
    asked = raise_escalation(world.assignment(project, reviewer), "Is this dose right?", "Medicine")
    assert asked.skill == "medicine"
    assert offered(moderator) == [asked]
    assert offered(other_moderator) == offered(admin) == []


def test_all_are_asked_where_nobody_who_could_answer_carries_it(
    project: Project, reviewer: Member, moderator: Member, other_moderator: Member, admin: Member
) -> None:
    asked = raise_escalation(world.assignment(project, reviewer), "Is this dose right?", "medicine")
    set_skills(reviewer, ["medicine"], admin)
    assert offered(moderator) == offered(other_moderator) == [asked]
    set_skills(moderator, ["medicine"], admin)
    assert offered(other_moderator) == []
    moderator.disable()
    assert offered(other_moderator) == [asked]


def test_asking_again_for_somebody_else_redirects_it(project: Project, reviewer: Member) -> None:
    turn = world.assignment(project, reviewer)
    raise_escalation(turn, "One.", "law")
    assert raise_escalation(turn, "Two.").skill == "law"
    assert raise_escalation(turn, "Three.", "medicine").skill == "medicine"
    assert AuditEvent.objects.filter(verb="escalation-redirected").count() == 1


def test_the_list_and_the_panel_hold_what_is_for_this_member(
    project: Project, reviewer: Member, moderator: Member, other_moderator: Member, admin: Member
) -> None:
    set_skills(moderator, ["medicine"], admin)
    raise_escalation(world.assignment(project, reviewer), "Is this dose right?", "medicine")
    at = {name: reverse(f"moderation:{name}", args=[project.slug]) for name in ("panel", "escalation-list")}
    mine, theirs = make.SignedIn(moderator), make.SignedIn(other_moderator)
    for address in at.values():
        assert "Is this dose right?" in mine.get(address).text
        assert "Is this dose right?" not in theirs.get(address).text
    assert "Is this dose right?" in theirs.get(at["escalation-list"] + "?state=others").text
    assert "Is this dose right?" not in mine.get(at["escalation-list"] + "?state=others").text


def test_an_admin_sets_them_on_the_page_of_the_person(project: Project, moderator: Member, admin: Member) -> None:
    address = reverse("moderation:member-skills", args=[project.slug, moderator.pk])
    signed_in = make.SignedIn(admin)
    assert signed_in.post(address, {"skills": "Medicine, law"}).status_code == 302
    assert skills_of(project) == ["law", "medicine"]
    assert "law, medicine" in signed_in.get(address, headers={"HX-Request": "true"}).text
    assert signed_in.post(address, {"skills": "x" * 41}).status_code == 422
    assert make.SignedIn(moderator).get(address).status_code in {403, 404}


def test_a_reviewer_chooses_among_the_skills_that_are_there(
    project: Project, reviewer: Member, moderator: Member, admin: Member
) -> None:
    signed_in, address = make.SignedIn(reviewer), reverse("queues:skills", args=[project.slug])
    htmx = {"HX-Request": "true"}
    assert signed_in.get(address).status_code == 303
    assert "<select" not in signed_in.get(address, headers=htmx).text
    set_skills(moderator, ["medicine"], admin)
    assert "Somebody for medicine" in signed_in.get(address, headers=htmx).text
    turn = world.assignment(project, reviewer)
    form = {"token": turn.token, "text": "Is this right?", "skill": "medicine", "then": "keep"}
    signed_in.post(reverse("queues:escalate", args=[project.slug, turn.queue.key]), form)
    assert Escalation.objects.get().skill == "medicine"


def test_a_program_names_a_skill(project: Project, reviewer: Member, client: Any) -> None:
    turn = world.assignment(project, reviewer)
    key = make.api_key(project, "review", member=reviewer)
    address = reverse("api:assignment-escalate", args=[turn.token])
    body = json.dumps({"text": "Is this right?", "skill": "Law"})
    auth = {"headers": {"Authorization": f"Bearer {key}"}, "content_type": "application/json"}
    assert client.post(address, body, **auth).status_code == 201
    assert Escalation.objects.get().skill == "law"
