"""Addresses: `/p/<project>/…` for people, `/api/v1/…` for programs. Who may reach them: feedback/permissions.py."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from feedback.accounts import health
from feedback.accounts import views as accounts
from feedback.accounts.admin import replace_foreign_admins
from feedback.accounts.urls import sign_in_patterns
from feedback.datasets.urls import file_patterns
from reviews.monitoring import metrics

admin.site.site_header = admin.site.site_title = "Touchstone"
# One door: allauth's, with its rate limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
replace_foreign_admins(admin.site)

handler400 = "feedback.accounts.problems.bad_request"
handler403 = "feedback.accounts.problems.forbidden"
handler404 = "feedback.accounts.problems.not_found"
handler500 = "feedback.accounts.problems.server_error"

api_docs: dict[str, Any] = {"url_name": "api-schema", "template_name": "feedback/accounts/api_docs.html"}
project_patterns = [
    path("", include("reviews.queues.urls")),
    path("", include("feedback.accounts.urls")),
    path("", include("reviews.monitoring.urls")),
    path("prompts/", include("feedback.prompts.urls")),
    path("take-outs/", include("feedback.takeouts.urls")),
    path("erasures/", include("feedback.erasures.urls")),
    path("webhooks/", include("feedback.outbox.urls")),
    path("responses/", include("feedback.responses.urls")),
    path("responses/", include("feedback.judgements.urls")),
    path("rubrics/", include("feedback.rubrics.urls")),
    path("imports/", include("reviews.imports.urls")),
    path("", include("reviews.passes.urls")),
    path("sampling/", include("reviews.sampling.urls")),
    path("", include("reviews.quality.urls")),
    path("moderation/", include("reviews.moderation.urls")),
    path("", include("reviews.quality.gold_urls")),
    path("audit/", include("feedback.audit.urls")),
    path("datasets/", include("feedback.datasets.urls")),
    path("training/", include("feedback.training.urls")),
]

urlpatterns = [
    path("", accounts.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("components/", accounts.components, name="components"),
    path("accounts/", include(sign_in_patterns)),
    path("accounts/", include("reviews.digests.urls")),
    path("p/<slug:project>/", include(project_patterns)),
    path("files/", include(file_patterns)),
    path("api/v1/", include("feedback.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(**api_docs), name="api-docs"),
    path("admin/", admin.site.urls),
]
