"""Below `responses/`: what was judged of a response."""

from django.urls import path

from feedback.judgements import lineage

app_name = "judgements"
urlpatterns = [
    path("<int:pk>/verdicts/", lineage.response_verdicts, name="response-verdicts"),
]
