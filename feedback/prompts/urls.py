from django.urls import path

from feedback.prompts import views

app_name = "prompts"
urlpatterns = [
    path("", views.prompt_list, name="prompt-list"),
    path("<int:pk>/", views.prompt_detail, name="prompt-detail"),
    path("<int:pk>/compare/", views.version_compare, name="version-compare"),
    path("versions/<int:pk>/", views.version_detail, name="version-detail"),
]
