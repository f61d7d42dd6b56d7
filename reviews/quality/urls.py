from django.urls import path

from reviews.quality import views

app_name = "quality"
urlpatterns = [
    path("", views.unsettled, name="unsettled"),
    path("next/", views.settle_next, name="next"),
    path("<int:pk>/", views.settle, name="settle"),
]
