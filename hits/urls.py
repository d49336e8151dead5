from django.urls import path

from hits import views

urlpatterns = [
    path("review/", views.queue, name="queue"),
    path("review/decide/", views.decide_many, name="decide_many"),
    path("review/<str:assignment_id>/", views.assignment, name="assignment"),
    path("review/<str:assignment_id>/decide/", views.decide, name="decide"),
    path("hits/", views.hits, name="hits"),
    path("hits/change/", views.change_hits, name="change_hits"),
    path("hits/<str:hit_id>/", views.hit, name="hit"),
    path("hits/<str:hit_id>/change/", views.change_hit, name="change_hit"),
    path("hits/<str:hit_id>/preview/", views.hit_preview, name="hit_preview"),
]
