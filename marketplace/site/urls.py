"""URLs of the worker site; the front page is in marketplace/urls.py, where the old API answers at the same address."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from marketplace.site import views

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "HITdesk marketplace"
admin.site.index_title = "Operator"

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("join/<str:token>/", views.join, name="join"),
    path("from/<slug:platform>/", views.from_platform, name="from_platform"),
    path("tasks/", views.groups, name="groups"),
    path("tasks/<str:group_id>/", views.group, name="group"),
    path("tasks/<str:group_id>/accept/", views.accept, name="accept"),
    path("tasks/<str:group_id>/contact/", views.contact, name="contact"),
    # Links to Mechanical Turk's worker site, as scripts print them.
    path("projects/<str:group_id>/tasks", RedirectView.as_view(pattern_name="group"), name="group_as_at_mturk"),
    path("mturk/preview", views.group_at_mturk),
    path("mturk/previewandaccept", views.group_at_mturk),
    path("assignments/", views.in_hand, name="in_hand"),
    path("assignments/next/", views.accept_next, name="accept_next"),
    path("assignments/<str:assignment_id>/", views.task, name="task"),
    path("assignments/<str:assignment_id>/submit/", views.submit_form, name="submit_form"),
    path("assignments/<str:assignment_id>/next/", views.task_next, name="task_next"),
    path("assignments/<str:assignment_id>/skip/", views.skip, name="skip"),
    path("assignments/<str:assignment_id>/state/", views.task_state, name="task_state"),
    path("assignments/<str:assignment_id>/return/", views.give_back, name="give_back"),
    path("frame/<str:name>/", views.frame, name="frame"),
    path("mturk/externalSubmit", views.external_submit, name="external_submit"),
    path("qualifications/", views.qualifications, name="qualifications"),
    path("qualifications/<str:type_id>/", views.qualification, name="qualification"),
    path("qualifications/<str:type_id>/ask/", views.ask, name="qualification_ask"),
    path("qualifications/<str:type_id>/test/", views.hand_in, name="qualification_test"),
    path("earnings/", views.earnings, name="earnings"),
    path("messages/", views.messages, name="messages"),
    path("profile/", views.profile, name="profile"),
    path("operator/", admin.site.urls),
]
