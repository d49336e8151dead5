"""Rules, what they found, and gold answers."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
