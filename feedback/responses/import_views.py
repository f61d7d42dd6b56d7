"""Bringing a file of responses: form, preview, start, result."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.responses.forms import ColumnsForm, ResponseUploadForm
from feedback.responses.models import ResponseUpload
from feedback.responses.shown import first_call
from feedback.responses.upload_pages import Pages, errors_csv, see_other
from feedback.responses.uploaded import HEADINGS

PAGES = Pages("responses", "feedback/responses/upload_detail.html", HEADINGS)

SAMPLE = (
    '{"external_id": "r1", "prompt": "How long do I have?", "output": "Thirty days.", "model": "my-model"}\n'
    '{"external_id": "r2", "messages": [{"role": "user", "content": "Can I pay by card?"}], "output": "Yes."}'
)


@require_http_methods(["GET", "HEAD", "POST"])
def upload_create(request: MemberRequest) -> HttpResponse:
    form = ResponseUploadForm(request.POST, request.FILES) if request.method == "POST" else ResponseUploadForm()
    if form.is_bound and (answer := PAGES.bring(request, ResponseUpload, form)):
        return answer
    recent = request.project.responseuploads.order_by("-pk")[:10]
    context = {
        "form": form,
        "recent": recent,
        "sample": SAMPLE,
        "first_call": first_call(),
        "may": {"import_reviews": request.member.may("import_reviews")},
    }
    return render(request, "feedback/responses/import.html", context, status=422 if form.is_bound else 200)


@require_safe
def upload_detail(request: MemberRequest, pk: int) -> HttpResponse:
    upload = get_object_or_404(request.project.responseuploads, pk=pk)
    return PAGES.detail(request, upload, columns_form=columns_form(upload), batch=str(upload.batch_id))


@require_POST
def upload_check(request: MemberRequest, pk: int) -> HttpResponse:
    """Try it out again, with the columns of a CSV file under other names."""
    upload = get_object_or_404(request.project.responseuploads, pk=pk)
    form = ColumnsForm(request.POST)
    if not form.is_valid():
        return PAGES.detail(request, upload, columns_form=form, status=422)
    if upload.is_waiting:
        upload.columns = form.cleaned_data["columns"]
        upload.try_out()
    return see_other(PAGES.url("upload-detail", upload))


@require_POST
def upload_start(request: MemberRequest, pk: int) -> HttpResponse:
    return PAGES.start(request, get_object_or_404(request.project.responseuploads, pk=pk))


@require_POST
def upload_discard(request: MemberRequest, pk: int) -> HttpResponse:
    return PAGES.discard(request, get_object_or_404(request.project.responseuploads, pk=pk), "responses:import")


@require_GET
def upload_errors(request: MemberRequest, pk: int) -> HttpResponse:
    return errors_csv(get_object_or_404(request.project.responseuploads, pk=pk))


def columns_form(upload: ResponseUpload) -> ColumnsForm | None:
    """For a CSV file that waits; columns that are no field are offered as metadata, to be named after their field."""
    if upload.form != "csv" or not upload.is_waiting:
        return None
    named = upload.columns.items() or [(f"metadata.{column}", column) for column in upload.odd_columns()]
    return ColumnsForm(initial={"columns": "\n".join(f"{field}={column}" for field, column in named)})
