"""Addresses: `/p/<project>/…` for people, `/api/v1/…` for programs. Who may reach them: feedback/permissions.py."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from feedback.accounts import views as accounts
from feedback.accounts.urls import sign_in_patterns

admin.site.site_header = admin.site.site_title = "Touchstone"

project_patterns = [
    path("", include("reviews.queues.urls")),
    path("people/", include("feedback.accounts.urls")),
    path("responses/", include("feedback.responses.urls")),
    path("rubrics/", include("feedback.rubrics.urls")),
    path("sampling/", include("reviews.sampling.urls")),
    path("moderation/", include("reviews.quality.urls")),
    path("datasets/", include("feedback.datasets.urls")),
]

urlpatterns = [
    path("", accounts.home, name="home"),
    path("healthz", accounts.healthz, name="healthz"),
    path("readyz", accounts.readyz, name="readyz"),
    path("components/", accounts.components, name="components"),
    path("accounts/", include(sign_in_patterns)),
    path("p/<slug:project>/", include(project_patterns)),
    path("api/v1/", include("feedback.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("admin/", admin.site.urls),
]
