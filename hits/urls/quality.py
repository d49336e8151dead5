"""Rules, what they found, and gold answers."""

from django.urls import path

from hits.views.findings import findings, findings_decide, open_findings, rule_release
from hits.views.gold import gold, gold_csv, gold_mark, gold_upload
from hits.views.rules import rule, rule_new, rule_past, rule_switch, rules

urlpatterns = [
    path("batches/<int:batch_id>/rules/", rules, name="rules"),
    path("batches/<int:batch_id>/rules/new/<slug:look>/", rule_new, name="rule_new"),
    path("batches/<int:batch_id>/gold/", gold, name="gold"),
    path("batches/<int:batch_id>/gold/<int:upload_id>/", gold_upload, name="gold_upload"),
    path("batches/<int:batch_id>/gold.csv", gold_csv, name="gold_csv"),
    path("rules/<int:rule_id>/", rule, name="rule"),
    path("rules/<int:rule_id>/past/", rule_past, name="rule_past"),
    path("rules/<int:rule_id>/switch/", rule_switch, name="rule_switch"),
    path("rules/<int:rule_id>/release/", rule_release, name="rule_release"),
    path("findings/", open_findings, name="open_findings"),
    path("findings/decide/", findings_decide, name="findings_decide"),
    path("review/<str:assignment_id>/findings/", findings, name="findings"),
    path("review/<str:assignment_id>/gold/", gold_mark, name="gold_mark"),
]
