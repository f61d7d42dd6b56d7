"""The pages of the prices."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.responses import prices


@require_safe
def price_list(request: MemberRequest) -> HttpResponse:
    context = {"models": prices.listed(request.project), "most": prices.MODELS}
    return render(request, "feedback/responses/price_list.html", context)


@require_safe
def price_use(request: MemberRequest) -> HttpResponse:
    """What came in without a price; it reads a month of responses, so the list fetches it after itself."""
    rows = prices.use(request.project)
    context = {"rows": rows, "days": prices.USE_DAYS, "unpriced": [row for row in rows if not row["has_price"]]}
    return page(request, "feedback/responses/price_use.html", context, partial="use")


@require_http_methods(["GET", "HEAD", "POST"])
def price_create(request: MemberRequest) -> HttpResponse:
    first = prices.first_values(request.project, request.GET.get("model", ""))
    form = prices.PriceForm(request.project, request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        price = form.add(request.member, request)
        messages.success(request, f"The price of {price.model} counts from {price.valid_from:%-d %B %Y} on.")
        return redirect("responses:price-list", project=request.project.slug)
    status = 422 if form.is_bound else 200
    return render(request, "feedback/responses/price_create.html", {"form": form}, status=status)
