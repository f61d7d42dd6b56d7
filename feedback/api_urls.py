"""The API's addresses. Every route is named here once and stands in the permission table."""

from django.urls import path

from feedback.responses import api as responses

app_name = "api"
urlpatterns = [
    path("responses/", responses.ResponseList.as_view(), name="response-list"),
    path("responses/<int:pk>/", responses.ResponseDetail.as_view(), name="response-detail"),
]
