"""What a member is an expert in: set by admins, a part of the member's page."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page
from reviews.queues.escalate import EscalationRefused, set_skills


class SkillsForm(forms.Form):
    skills = forms.CharField(
        label="Skills",
        required=False,
        max_length=1000,
        help_text="Words with commas between them: medicine, contract law.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_skills(request: MemberRequest, pk: int) -> HttpResponse:
    person: Member = get_object_or_404(request.project.members.people(), pk=pk)
    known = ", ".join(person.skills.order_by("tag").values_list("tag", flat=True))
    form = SkillsForm(request.POST or None, initial={"skills": known}, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            tags = set_skills(person, form.cleaned_data["skills"].split(","), request.member)
        except EscalationRefused as refusal:
            form.add_error("skills", str(refusal))
        else:
            said = f"{person} is asked about {', '.join(tags)}." if tags else f"{person} carries no skill now."
            messages.success(request, said)
            return redirect("accounts:member-change", project=request.project.slug, pk=pk)
    status = 422 if form.errors else 200
    context = {"form": form, "person": person}
    return page(request, "reviews/moderation/member_skills.html", context, partial="skills", status=status)
