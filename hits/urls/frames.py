"""Tasks in frames: as the worker saw them, refilled with an answer."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
