from django.urls import path

from reviews.quality import gold_views, training_views

app_name = "gold"
urlpatterns = [
    path("gold/", gold_views.gold_list, name="gold-list"),
    path("gold/items/<int:pk>/", gold_views.gold_item, name="gold-item"),
    path("gold/queues/<slug:key>/", gold_views.gold_queue, name="gold-queue"),
    path("gold/queues/<slug:key>/verdicts/", gold_views.from_verdicts, name="from-verdicts"),
    path("gold/queues/<slug:key>/import/", gold_views.import_gold, name="import"),
    path("gold/queues/<slug:key>/training/", gold_views.open_training, name="open-training"),
    path("gold/queues/<slug:key>/training/along/", gold_views.move_training, name="move-training"),
    path("courses/<int:pk>/", training_views.training, name="training"),
    path("courses/<int:pk>/lesson/", training_views.lesson, name="lesson"),
]
