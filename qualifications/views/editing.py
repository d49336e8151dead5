"""Create or change a qualification type, with its test by form or as XML. Without scripts each button is a full post;
with them the form is drawn again in place. Either way nothing typed is lost."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.permissions import Denied
from qualifications.actions import types as acts
from qualifications.forms.types import AT_MTURK, BY_TEST, FIELD_OF, FORM, HERE, NO_KEY, XML, TypeForm, initial_of
from qualifications.models import QualificationType
from qualifications.questions import (
    KINDS,
    MAPPINGS,
    STYLES,
    Draft,
    DraftQuestion,
    NotForTheForm,
    act,
    best_sum,
    build_form,
    build_key,
    check_documents,
    from_post,
    new_draft,
    problems,
    read_draft,
    size_words,
)
from qualifications.views.trying import tried
from qualifications.views.types import type_of

#: Buttons that change nothing but what is shown.
_LOOKS = ("check", "score", "")


@dataclass
class _Test:
    """The test of a form that is being filled in: as a draft or as XML, whichever `way` says."""

    way: str = FORM
    draft: Draft = field(default_factory=new_draft)
    xml: str = ""
    key_xml: str = ""
    note: str = ""
    found: dict[str, str] = field(default_factory=dict)

    def problems(self, key_at: str) -> dict[str, str]:
        # A key that stays here may stand beside questions in words, which a person marks.
        return problems(self.draft, keyed=key_at != NO_KEY, words=key_at == HERE)

    def documents(self, key_at: str) -> tuple[str, str]:
        """Test and key; of a draft that has problems, "" and ""."""
        keyed = key_at != NO_KEY
        if self.way == XML:
            return self.xml, self.key_xml if keyed else ""
        if self.problems(key_at):
            return "", ""
        return build_form(self.draft), build_key(self.draft) if keyed else ""

    def shown(self) -> str:
        """What can be shown of the test already: the whole, or the questions that are complete."""
        if self.way == XML or not self.problems(NO_KEY):
            return self.documents(NO_KEY)[0]
        wrong = self.problems(NO_KEY)
        whole = [
            question
            for at, question in enumerate(self.draft.questions)
            if not any(name.startswith((f"q{at}-", f"q{at}o")) for name in wrong)
        ]
        return build_form(replace(self.draft, questions=whole)) if whole and not _of(wrong, "test-") else ""


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def qualification_new(request: HttpRequest, membership: Membership) -> HttpResponse:
    return _edit(request, membership, None)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def qualification_edit(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    row = type_of(membership, type_id)
    if row.status == "Failed":
        return _edit(request, membership, None, begins_with=row)
    try:
        acts.check_can_change(membership.user, row)
    except Denied as reason:
        if request.method == "GET":
            messages.error(request, str(reason))
            return redirect("qualification", membership.account.slug, type_id)
    return _edit(request, membership, row)


def _edit(
    request: HttpRequest,
    membership: Membership,
    row: QualificationType | None,
    *,
    begins_with: QualificationType | None = None,
) -> HttpResponse:
    first = row or begins_with
    if request.method == "GET":
        form = TypeForm(initial={**initial_of(first), "form_key": uuid.uuid4()})
        return _page(request, membership, row, form, _begin(first), {}, 200, begins_with)
    posted, action = request.POST, request.POST.get("action", "save")
    test = _from_post(posted)
    form = TypeForm(posted)
    status = 200
    if action == "save":
        answer = _save(request, membership, row, form, test)
        if answer is not None:
            if begins_with is not None:
                QualificationType.objects.filter(pk=begins_with.pk, status="Failed").delete()
            return answer
        status = 422
    else:
        _look(action, test, posted.get("key_at", AT_MTURK))
        # Unbound, so that nothing is said yet about what is still missing: the person is not done.
        form = TypeForm(initial=posted.dict())
    return _page(request, membership, row, form, test, dict(posted.lists()), status, begins_with)


def _begin(row: QualificationType | None) -> _Test:
    if row is None or not row.test:
        return _Test()
    try:
        return _Test(FORM, read_draft(row.test, row.key), row.test, row.key)
    except NotForTheForm as reason:
        return _Test(XML, new_draft(), row.test, row.key, note=str(reason))


def _from_post(posted: QueryDict) -> _Test:
    xml, key = (posted.get(name, "").replace("\r\n", "\n")[:200_000] for name in ("test_xml", "key_xml"))
    return _Test(XML if posted.get("test_way") == XML else FORM, from_post(posted.dict()), xml, key)  # type: ignore[arg-type]


def _look(action: str, test: _Test, key_at: str) -> None:
    """Every button but save."""
    if action == "to-xml":
        test.found = test.problems(key_at)
        if not test.found:
            test.xml, test.key_xml = test.documents(key_at)
            test.way = XML
    elif action == "to-form":
        if not test.xml.strip():
            test.way, test.draft = FORM, new_draft()
            return
        try:
            test.draft = read_draft(test.xml, test.key_xml)
            test.way = FORM
        except NotForTheForm as reason:
            test.note = str(reason)
    elif action in _LOOKS:
        if test.way == FORM:
            test.found = test.problems(key_at)
        else:
            _judge_xml(test, key_at)
    else:
        act(test.draft, action)


def _judge_xml(test: _Test, key_at: str) -> None:
    key = test.key_xml if key_at != NO_KEY else ""
    about_test, about_key = check_documents(test.xml, key, words=key_at == HERE)
    test.found = {name: text for name, text in (("test_xml", about_test), ("key_xml", about_key)) if text}


def _save(
    request: HttpRequest, membership: Membership, row: QualificationType | None, form: TypeForm, test: _Test
) -> HttpResponse | None:
    """Where it went well, the way to the type's page; else None, with everything said beside its field."""
    by_test, key_at = request.POST.get("how") == BY_TEST, request.POST.get("key_at", AT_MTURK)
    if by_test:
        _judge(test, key_at)
    if not form.is_valid() or test.found:
        return None
    document, key = test.documents(key_at) if by_test else ("", "")
    said = form.said()
    if row is not None:
        _keep_odd_times(said, row, form)
    wish = acts.Wish(
        **said, test=document, answer_key=key if key_at == AT_MTURK else "", grading_key=key if key_at == HERE else ""
    )
    for member, sentence in acts.faults(wish, row).items():
        if member in FIELD_OF:
            form.add_error(FIELD_OF[member], sentence)
        else:
            test.found[{"test": "test_xml", "answer_key": "key_xml"}[member]] = sentence
    if form.errors or test.found:
        return None
    form_key, account = form.cleaned_data["form_key"], membership.account
    try:
        if row is None:
            made = acts.create_type(account=account, by=membership.user, wish=wish, form_key=form_key)
            messages.success(request, f"“{made}” is on its way to MTurk.")
            return redirect("qualification", account.slug, made.qualification_type_id)
        command = acts.change_type(row=row, by=membership.user, wish=wish, form_key=form_key)
    except Denied as reason:
        form.add_error(None, str(reason))
        return None
    messages.success(
        request,
        "The change is on its way to MTurk." if command else "MTurk need not be told: nothing it knows was changed.",
    )
    return redirect("qualification", account.slug, row.qualification_type_id)


def _judge(test: _Test, key_at: str) -> None:
    if test.way == FORM:
        test.found = test.problems(key_at)
    elif not test.xml.strip():
        test.found["test_xml"] = "Write the test, or choose another way to give the qualification."
    elif key_at != NO_KEY and not test.key_xml.strip():
        test.found["key_xml"] = "Write the answer key, or say that it is marked without one."


def _keep_odd_times(said: dict[str, Any], row: QualificationType, form: TypeForm) -> None:
    """A time in odd seconds, set by some script, stays as it is where nobody touched its field."""
    before, data = initial_of(row), form.cleaned_data
    same = data["retry_number"] == before["retry_number"] and data["retry_unit"] == before["retry_unit"]
    if same and said["retry_delay"] is not None and row.retry_delay is not None:
        said["retry_delay"] = row.retry_delay
    same = data["test_number"] == before["test_number"] and data["test_unit"] == before["test_unit"]
    if same and said["test_duration"] is not None and row.test_duration is not None:
        said["test_duration"] = row.test_duration


def _page(
    request: HttpRequest,
    membership: Membership,
    row: QualificationType | None,
    form: TypeForm,
    test: _Test,
    posted: dict[str, list[str]],
    status: int,
    begins_with: QualificationType | None,
) -> HttpResponse:
    url_of = row or begins_with
    slug = membership.account.slug
    key_at = form["key_at"].value() or AT_MTURK
    keyed = key_at != NO_KEY
    document, key = test.documents(key_at)
    context = {
        "type": row,
        "form": form,
        "test": test,
        "draft": test.draft,
        "numbered": [_question(at, question, test, keyed) for at, question in enumerate(test.draft.questions)],
        "ranges": [
            {"at": at, "row": one, "found": _of(test.found, f"r{at}-"), "focus_low": f"r{at}-low"}
            for at, one in enumerate(test.draft.ranges)
        ],
        "kept": _kept_of_test(test.draft, keyed),
        "best": best_sum(test.draft) if keyed else None,
        "found": _of(test.found, "test-"),
        "xml_found": test.found.get("test_xml", ""),
        "key_found": test.found.get("key_xml", ""),
        "kinds": KINDS,
        "styles": STYLES,
        "mappings": MAPPINGS,
        "keyed": keyed,
        "how": form["how"].value(),
        "size": size_words(document) if document else "",
        "focus": _focus(posted, test),
        "action_url": reverse("qualification_edit", args=[slug, url_of.qualification_type_id])
        if url_of
        else reverse("qualification_new", args=[slug]),
        "can_change": membership.role >= Role.APPROVER,
        **tried(document or test.shown(), key, posted),
    }  # fmt: skip
    part = "#editor" if getattr(request, "htmx", False) and status == 200 else ""
    return render(request, f"qualifications/edit.html{part}", context, status=status)


def _question(at: int, question: DraftQuestion, test: _Test, keyed: bool) -> dict[str, Any]:
    """One question as the builder draws it; `kept` are the fields it does not show now, so that they come back."""
    hidden = _HIDDEN_OF[question.kind]
    kept = [(f"q{at}-{name}", getattr(question, name)) for name in hidden]
    if not question.is_choice:
        kept += [
            (f"q{at}o{place}-{name}", getattr(option, name))
            for place, option in enumerate(question.options)
            for name in ("identifier", "text", "picture", "score", "right")
        ]
    return {
        "at": at,
        "question": question,
        "found": _of(test.found, f"q{at}-"),
        "focus_text": f"q{at}-text",
        "kept": [(name, value) for name, value in kept if value],
        "options": [
            {"at": place, "option": option, "found": _of(test.found, f"q{at}o{place}-"),
             "focus_text": f"q{at}o{place}-text"}
            for place, option in enumerate(question.options)
        ],
    }  # fmt: skip


_WORDS = ("min_length", "max_length", "min_value", "max_value", "lines", "prefilled")
_HIDDEN_OF = {
    "one": ("least", "most", *_WORDS),
    "several": _WORDS,
    "text": ("style", "least", "most", "score", "otherwise", "min_value", "max_value"),
    "number": ("style", "least", "most", "score", "otherwise"),
}


def _kept_of_test(draft: Draft, keyed: bool) -> list[tuple[str, str]]:
    shown = {"percentage": ("maximum",), "scale": ("multiplier",), "range": ("out_of_range",)}.get(draft.mapping, ())
    kept = [
        (f"test-{name}", getattr(draft, name))
        for name in ("maximum", "multiplier", "out_of_range")
        if not keyed or name not in shown
    ]
    if not keyed:
        kept.append(("test-mapping", draft.mapping))
    if not keyed or draft.mapping != "range":
        kept += [
            (f"r{at}-{name}", getattr(row, name))
            for at, row in enumerate(draft.ranges)
            for name in ("low", "high", "value")
        ]
    return [(name, value) for name, value in kept if value]


def _of(found: dict[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in found.items() if name.startswith(prefix)}


def _focus(posted: dict[str, list[str]], test: _Test) -> str:
    """The field to go on with after a button, so that a keyboard need not begin anew."""
    action = (posted.get("action") or [""])[-1]
    if action == "add-question":
        return f"q{len(test.draft.questions) - 1}-text"
    if action.startswith("add-option-"):
        at = whole(action.rpartition("-")[2], digits=3)
        if at is not None and at < len(test.draft.questions):
            return f"q{at}o{len(test.draft.questions[at].options) - 1}-text"
    if action == "add-range":
        return f"r{len(test.draft.ranges) - 1}-low"
    return ""
