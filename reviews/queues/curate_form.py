"""A queue as a curator makes and changes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.permissions import VERBS
from feedback.rubrics.models import RubricVersion
from reviews.queues.models import Admission, MemberSkill, Queue

EVERYONE, NAMED = "everyone", "named"
DAY = 1440  # minutes


class MembersField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, member: Any) -> str:
        return f"{member} ({member.get_role_display().lower()})"


def minutes_of(seconds: int) -> Decimal:
    """A hundredth of a minute is less than a second, so `round(minutes * 60)` gives the seconds back."""
    minutes = (Decimal(seconds) / 60).quantize(Decimal("0.01"))
    return minutes.quantize(Decimal(1)) if minutes == minutes.to_integral() else minutes


def minutes_field(*, least: int, most: int, **kwargs: Any) -> forms.DecimalField:
    """People think in minutes; the row has seconds, and so has the API."""
    widget = forms.NumberInput({"step": "any"})
    return forms.DecimalField(min_value=least, max_value=most, decimal_places=2, widget=widget, **kwargs)


class QueueForm(forms.ModelForm):
    """The rubric version is chosen once; who may claim can change at any time."""

    audience = forms.ChoiceField(
        choices=[(EVERYONE, "Everyone who reviews in this project"), (NAMED, "Only the people ticked below")],
        widget=forms.RadioSelect,
        initial=EVERYONE,
        required=False,
        label="Who may review",
    )
    lease_minutes = minutes_field(
        least=1, most=DAY, label="Minutes an item is held for a reviewer",
        help_text="Somebody who goes on working keeps it longer.",
    )  # fmt: skip
    grace_minutes = minutes_field(
        least=0, most=7 * DAY, label="Minutes in which a review can be undone",
        help_text="It is settled after that; 0 offers no undo.",
    )  # fmt: skip
    skill = forms.ChoiceField(
        required=False, label="With this skill",
        help_text="Admins say on a person’s page what they are an expert in.",
    )  # fmt: skip
    people = MembersField(
        Member.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="These people"
    )

    class Meta:
        model = Queue
        fields = [
            "name", "rubric_version", "k", "audience", "people", "skill", "order", "due_on", "hourly_cap", "daily_cap",
            "shows_model", "shows_critic", "takes_imports",
        ]  # fmt: skip
        labels = {
            "rubric_version": "Rubric",
            "k": "Reviews for each item",
            "due_on": "Due on",
            "hourly_cap": "Most reviews by one person in an hour",
            "daily_cap": "Most reviews by one person in 24 hours",
            "shows_model": "Show which model wrote a response",
            "shows_critic": "Propose the stretches that critics found",
            "takes_imports": "Only for labels imported from elsewhere",
        }
        help_texts = {
            "shows_model": "Knowing it sways people; leave it hidden unless it is what you ask about.",
            "shows_critic": "Reviewers accept or reject each. It sways them: what was shown is kept with a review.",
            "takes_imports": "Nobody claims from such a queue.",
            "due_on": "Reviewers see it, and the queue says when it will be late. Empty: no due date.",
            "hourly_cap": "Then they are told when it goes on. Empty: no cap.",
            "daily_cap": "Empty: no cap.",
        }
        widgets = {"due_on": forms.DateInput({"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        versions = (
            RubricVersion.objects.filter(project=project).select_related("rubric").order_by("rubric__name", "-number")
        )
        rubric = self.fields["rubric_version"]
        rubric.queryset = versions  # type: ignore[attr-defined]
        rubric.disabled = bool(self.instance.pk)
        rubric.empty_label = "Choose a rubric"  # type: ignore[attr-defined]
        self.fields["lease_minutes"].initial = minutes_of(self.instance.lease_seconds)
        self.fields["grace_minutes"].initial = minutes_of(self.instance.grace_seconds)
        self.fields["k"] = forms.IntegerField(
            min_value=1, max_value=50, initial=2, label="Reviews for each item", help_text="From different people."
        )
        self.offer_people()
        self.offer_skills()

    def offer_people(self) -> None:
        """Active reviewers, and whoever is named already, so that nobody is dropped unseen."""
        active = Member.objects.active().filter(project=self.project, role__in=VERBS["review"])
        offered = Q(pk__in=active.values("pk"))
        if self.instance.pk:
            named = list(self.instance.admissions.values_list("member", flat=True))
            offered |= Q(pk__in=named)
            self.fields["audience"].initial = NAMED if self.instance.is_restricted else EVERYONE
            self.fields["people"].initial = named
        people = Member.objects.people().filter(offered, project=self.project)
        self.fields["people"].queryset = people  # type: ignore[attr-defined]

    def offer_skills(self) -> None:
        """What people of the project are experts in, and what the queue asks for already."""
        tags = {*MemberSkill.objects.filter(project=self.project).values_list("tag", flat=True), self.instance.skill}
        choices = [("", "Any"), *((tag, tag) for tag in sorted(tags - {""}))]
        self.fields["skill"].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        self.instance.key = self.instance.key or slugify(name)[:60]
        if not self.instance.key:
            raise forms.ValidationError("Use at least one letter or digit.")
        taken = self.project.queues.exclude(pk=self.instance.pk).filter(key=self.instance.key)
        if taken.exists() or self.instance.key == "new":  # whose address is this form
            raise forms.ValidationError("There is a queue with this name already.")
        return name

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.is_restricted = data.get("audience") == NAMED
        for name in ("lease", "grace"):
            if data.get(f"{name}_minutes") is not None:
                setattr(self.instance, f"{name}_seconds", round(data[f"{name}_minutes"] * 60))
        people = list(data.get("people") or [])
        if self.instance.is_restricted and not people:
            self.add_error("people", "Tick at least one person, or let everyone review.")
        if self.instance.is_restricted and data.get("k") and 0 < len(people) < data["k"]:
            self.add_error("people", f"An item needs {data['k']} different people; these are {len(people)}.")
        if skill := data.get("skill"):
            self.clean_skill_of(skill, people, data.get("k") or 1)
        return data

    def clean_skill_of(self, skill: str, people: list[Member], k: int) -> None:
        """Enough different people have it."""
        able = Member.objects.active().filter(project=self.project, role__in=VERBS["review"], skills__tag=skill)
        if self.instance.is_restricted:
            able = able.filter(pk__in=[member.pk for member in people])
        if (n := able.count()) < k:
            self.add_error("skill", f"An item needs {k} different people; {n} of those who may review have this skill.")

    @transaction.atomic
    def keep(self, request: Any) -> Queue:
        """Save the queue with its admissions, and write down who did it."""
        is_new = self.instance.pk is None
        queue: Queue = self.save()
        wanted = {member.pk for member in self.cleaned_data["people"]} if queue.is_restricted else set()
        known = set(queue.admissions.values_list("member", flat=True))
        queue.admissions.exclude(member__in=wanted).delete()
        Admission.objects.bulk_create(
            Admission(project=self.project, queue=queue, member_id=pk) for pk in sorted(wanted - known)
        )
        record(
            "queue-created" if is_new else "queue-changed", queue, request=request, fields=sorted(self.changed_data),
            admitted=len(wanted - known), dismissed=len(known - wanted),
        )  # fmt: skip
        return queue
