"""The queue and the workbench."""

from django.urls import path

from hits import views

urlpatterns = [
    path("review/", views.queue, name="queue"),
    path("review/decide/", views.decide_many, name="decide_many"),
    path("review/<str:assignment_id>/", views.assignment, name="assignment"),
    path("review/<str:assignment_id>/decide/", views.decide, name="decide"),
]
