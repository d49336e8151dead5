"""Every URL of workers and their bonuses."""

from workers.urls import bonuses, people

urlpatterns = [*bonuses.urlpatterns, *people.urlpatterns]
