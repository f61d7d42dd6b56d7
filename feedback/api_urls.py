"""The API's addresses. Every route is named here once and stands in the permission table."""

from django.urls import URLPattern, path  # noqa: F401

app_name = "api"
urlpatterns: list[URLPattern] = []
