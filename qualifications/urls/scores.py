"""Who holds what; panels and exclusions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
