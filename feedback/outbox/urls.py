from django.urls import path

from feedback.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.endpoint_list, name="endpoint-list"),
    path("new/", views.endpoint_create, name="endpoint-create"),
    path("<int:pk>/", views.endpoint_detail, name="endpoint-detail"),
    path("<int:pk>/change/", views.endpoint_change, name="endpoint-change"),
    path("<int:pk>/switch/", views.endpoint_switch, name="endpoint-switch"),
    path("<int:pk>/secret/", views.endpoint_rotate, name="endpoint-rotate"),
    path("<int:pk>/remove/", views.endpoint_remove, name="endpoint-remove"),
    path("<int:pk>/test/", views.endpoint_test, name="endpoint-test"),
    path("<int:pk>/again/", views.endpoint_replay, name="endpoint-replay"),
    path("deliveries/<int:pk>/", views.delivery_detail, name="delivery-detail"),
    path("deliveries/<int:pk>/again/", views.delivery_replay, name="delivery-replay"),
]
