from django.urls import path

from reviews.quality import views

app_name = "quality"
urlpatterns = [
    path("", views.unsettled, name="unsettled"),
    path("<int:pk>/", views.settle, name="settle"),
]
