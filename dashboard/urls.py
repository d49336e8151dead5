"""Every URL of the dashboard. What concerns an account lies under /a/<slug>/."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from dashboard import views
from dashboard.views.bonuses import bonus_formula, bonus_sheet, bonus_upload
from dashboard.views.keys import my_keys

# The stock admin, behind the same login and second factor as everything else.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "HITdesk"
admin.site.index_title = "Administration"

account_urls: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("activity/", views.activity, name="activity"),
    path("activity/<uuid:command_id>/", views.command_act, name="command_act"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/new/<slug:bulk>/", views.job_new, name="job_new"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/act/", views.job_act, name="job_act"),
    path("jobs/<uuid:job_id>/outcome.csv", views.job_outcome, name="job_outcome"),
    path("bonuses/upload/", bonus_upload, name="bonus_upload"),
    path("bonuses/formula/", bonus_formula, name="bonus_formula"),
    path("bonuses/sheet.csv", bonus_sheet, name="bonus_sheet"),
    path("drift/", views.differences, name="drift"),
    path("drift/<int:drift_id>/dismiss/", views.dismiss, name="drift_dismiss"),
    path("audit/", views.audit_log, name="audit"),
    path("settings/", views.account_settings, name="account_settings"),
    path("sync/", views.sync, name="sync"),
    path("sync/state/", views.sync_state, name="sync_state"),
    path("search/", views.search, name="search"),
    path("", include("hits.urls")),
    path("", include("workers.urls")),
    path("", include("qualifications.urls")),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("setup/", views.setup, name="setup"),
    path("all/", views.accounts, name="accounts"),
    path("profile/", views.profile, name="profile"),
    path("profile/keys/", my_keys, name="my_keys"),
    path("a/<slug:account_slug>/", include(account_urls)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
