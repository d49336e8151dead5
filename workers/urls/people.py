"""Workers, blocks, messages."""

from django.urls import path

from workers import views

urlpatterns = [
    path("workers/<str:worker_id>/", views.record, name="worker_record"),
]
