"""The table of HITs and a page for each."""

from django.urls import path

from hits import views

urlpatterns = [
    path("hits/", views.hits, name="hits"),
    path("hits/change/", views.change_hits, name="change_hits"),
    path("hits/<str:hit_id>/", views.hit, name="hit"),
    path("hits/<str:hit_id>/change/", views.change_hit, name="change_hit"),
    path("hits/<str:hit_id>/preview/", views.hit_preview, name="hit_preview"),
]
