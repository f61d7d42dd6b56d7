from django.urls import path

from feedback.erasures import views

app_name = "erasures"
urlpatterns = [
    path("", views.erasure_list, name="erasure-list"),
    path("preview/", views.erasure_preview, name="erasure-preview"),
    path("new/", views.erasure_create, name="erasure-create"),
    path("<int:pk>/", views.erasure_detail, name="erasure-detail"),
]
