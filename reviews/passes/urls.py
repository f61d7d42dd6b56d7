from django.urls import path

from reviews.passes import views

app_name = "passes"
urlpatterns = [
    path("queues/<slug:key>/quick-pass/", views.cards, name="cards"),
    path("queues/<slug:key>/quick-pass/items/<int:pk>/", views.context, name="context"),
    path("quick-passes/<int:pk>/undo/", views.undo, name="undo"),
]
