"""Batches, their results, and the answers of a HIT side by side."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
