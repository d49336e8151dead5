"""Bonuses, one and many."""

from django.urls import path

from workers import views

urlpatterns = [
    path("review/<str:assignment_id>/bonus/", views.bonus, name="bonus"),
]
