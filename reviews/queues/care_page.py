"""How a person wants to work: what they do not want to see, and when they want to hear of a break."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from reviews.queues import care

LONGEST_BREAK = 480


class CareForm(forms.Form):
    use_required_attribute = False

    opt_outs = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("What I do not want to see"),
        help_text=gettext_lazy(
            "Items with a ticked mark are not given to you, from the next one on. Nobody asks why, and no figure "
            "of yours changes by it. Without a tick such texts are covered until you ask for them."
        ),
    )
    break_minutes = forms.IntegerField(
        required=False,
        min_value=5,
        max_value=LONGEST_BREAK,
        label=gettext_lazy("Remind me of a break after so many minutes"),
        help_text=gettext_lazy(
            "Of reading and answering, not of the clock. A line appears above the item and nothing stops. "
            "Empty: no reminder."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, member: Member, data: Any = None) -> None:
        own = list(member.opt_outs.values_list("tag", flat=True))
        preferences = member.user.preferences if member.user else {}
        super().__init__(
            data, label_suffix="", initial={"opt_outs": own, "break_minutes": preferences.get("break_minutes")}
        )
        self.member = member
        field: Any = self.fields["opt_outs"]
        field.choices = [(tag, tag) for tag in care.offered(member)]
        if not field.choices:
            del self.fields["opt_outs"]

    def keep(self, request: MemberRequest) -> None:
        if "opt_outs" in self.fields:
            care.opt_out(self.member, self.cleaned_data["opt_outs"], request=request)
        user = self.member.user
        assert user is not None
        user.preferences = {**user.preferences, "break_minutes": self.cleaned_data["break_minutes"]}
        user.save(update_fields=["preferences"])


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: MemberRequest) -> HttpResponse:
    form = CareForm(request.member, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.keep(request)
        messages.success(request, gettext("Saved. It holds from your next item on."))
        return redirect("queues:care", project=request.project.slug)
    status = 422 if form.is_bound else 200
    return render(request, "reviews/queues/care.html", {"form": form}, status=status)
