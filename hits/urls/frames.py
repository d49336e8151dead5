"""Tasks in frames, as the worker saw them; and pictures that only a worker named."""

from django.urls import path

from hits.views.pictures import picture
from hits.views.replay import replay, replay_frame

urlpatterns = [
    path("review/<str:assignment_id>/replay/", replay, name="replay"),
    path("review/<str:assignment_id>/replay/frame/", replay_frame, name="replay_frame"),
    path("review/<str:assignment_id>/picture/", picture, name="picture"),
]
