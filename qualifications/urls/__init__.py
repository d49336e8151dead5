"""Every URL of qualifications."""

from qualifications.urls import scores, types

urlpatterns = [*scores.urlpatterns, *types.urlpatterns]
