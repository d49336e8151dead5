"""The queue and the workbench."""

from django.urls import path

from hits.views import review as views

urlpatterns = [
    path("review/", views.queue, name="queue"),
    path("review/decide/", views.decide_many, name="decide_many"),
    path("review/views/", views.saved_views, name="saved_views"),
    path("review/take/", views.take, name="take"),
    path("review/release/", views.release, name="release"),
    path("review/forecast/", views.forecast, name="forecast"),
    path("review/guard/", views.guard, name="guard"),
    path("review/undo/<int:number>/", views.undo, name="undo_own"),
    path("review/<str:assignment_id>/", views.assignment, name="assignment"),
    path("review/<str:assignment_id>/decide/", views.decide, name="decide"),
    path("review/<str:assignment_id>/data/", views.data_verdict, name="data_verdict"),
    path("review/<str:assignment_id>/flag/", views.flag, name="flag"),
    path("settings/reasons/", views.reasons, name="reasons"),
]
