"""Second reviews of a batch: one answer after the other without the first verdict, and both verdicts afterwards."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.pages import page
from dashboard.permissions import Denied
from hits.actions import second_reviews
from hits.agreement import inputs_of
from hits.answers import read
from hits.forms.batches import JudgeForm
from hits.models import SecondReview
from hits.questions import question_words, read_question
from hits.views.batches import batch_of

MOST_PICTURES = 6


@require_GET
@of_account
def second_review(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """Both verdicts of what was looked at twice, those that differ first in line by ?only=apart."""
    batch = batch_of(membership, batch_id)
    rows = SecondReview.objects.filter(batch=batch).exclude(verdict="")
    only_apart = request.GET.get("only") == "apart"
    if only_apart:
        rows = rows.filter(verdict="approve", first_verdict="reject") | rows.filter(
            verdict="reject", first_verdict="approve"
        )
    rows = rows.select_related("assignment", "first_by", "reviewed_by")
    rows = rows.defer("assignment__answer", "assignment__raw")
    may_review = membership.role >= Role.REVIEWER
    context = {
        "batch": batch,
        "page": page(rows, request.GET, column="id", descending=True),
        "only_apart": only_apart,
        "compared": second_reviews.compared(batch),
        "waiting": second_reviews.open_for(batch, membership.user).count() if may_review else 0,
        "can_review": may_review,
    }
    return render(request, "hits/second_review.html", context)


@require_http_methods(["GET", "POST"])
@of_account
def second_review_next(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """GET: the next answer for this person. POST: review, verdict=approve|reject, note -> the one after it."""
    batch = batch_of(membership, batch_id)
    form, error = JudgeForm(), ""
    if request.method == "POST":
        form = JudgeForm(request.POST)
        rows = SecondReview.objects.filter(batch=batch).select_related("account", "assignment__hit__hit_type")
        review = get_object_or_404(rows, pk=whole(request.POST.get("review", "")))
        if form.is_valid():
            try:
                second_reviews.judge(review=review, by=membership.user, **form.cleaned_data)
            except Denied as reason:
                messages.error(request, str(reason))
            return redirect("second_review_next", membership.account.slug, batch.pk)
        if review.verdict or review.first_by_id == membership.user.pk:
            return redirect("second_review_next", membership.account.slug, batch.pk)
        error = " ".join(str(line) for lines in form.errors.values() for line in lines)
    else:
        found = second_reviews.next_for(batch, membership.user) if membership.role >= Role.REVIEWER else None
        if found is None:
            messages.info(request, "Nothing waits for a second verdict of yours in this batch.")
            return redirect("second_review", membership.account.slug, batch.pk)
        review = found
    hit = review.assignment.hit
    answer = read(review.assignment.answer, hit.question, inputs_of([hit.pk]).get(hit.pk))
    drawn = {image.url for image in answer.images}
    context = {
        "batch": batch,
        "review": review,
        "hit": hit,
        "answer": answer,
        "pictures": [url for url in read_question(hit.question).images if url not in drawn][:MOST_PICTURES],
        "question_text": question_words(hit.question),
        "waiting": second_reviews.open_for(batch, membership.user).count(),
        "form": form,
        "error": error,
    }
    return render(request, "hits/second_review_next.html", context, status=422 if error else 200)
