from django.urls import path

from reviews.sampling import views

app_name = "sampling"
urlpatterns = [
    path("", views.rule_list, name="rule-list"),
    path("new/", views.rule_create, name="rule-create"),
    path("<slug:key>/", views.rule_detail, name="rule-detail"),
    path("<slug:key>/change/", views.rule_change, name="rule-change"),
    path("<slug:key>/trial/", views.rule_trial, name="rule-trial"),
    path("<slug:key>/run/", views.rule_run, name="rule-run"),
]
