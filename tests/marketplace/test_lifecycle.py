"""What becomes of a HIT: its states and counts, changes to it, and what time alone does."""

import datetime
import functools
import time

import pytest

from tests.marketplace.making import balance, do, invalid, new_hit, refused, state

DAY = 86_400
UTC = datetime.UTC


def accept(control, hit, worker_id):
    return control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker_id})["AssignmentId"]


def at(moment):
    return datetime.datetime.fromtimestamp(moment, UTC)


def expire(mturk, hit):
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=datetime.datetime(2015, 1, 1, tzinfo=UTC))


def ledger_of(control, hit):
    return [(row["kind"], row["amount"]) for row in control.get("ledger") if row["hit"] == hit["HITId"]]


def test_states_and_counts_from_creation_to_review(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2)
    assert state(mturk, hit) == ("Assignable", 0, 2, 0)
    first = accept(control, hit, "ASTATEONE")
    assert state(mturk, hit) == ("Assignable", 1, 1, 0)
    second = accept(control, hit, "ASTATETWO")
    assert state(mturk, hit) == ("Unassignable", 2, 0, 0)
    control.post("submit", {"AssignmentId": first, "Fields": {}})
    assert state(mturk, hit) == ("Unassignable", 1, 0, 0)
    control.post("submit", {"AssignmentId": second, "Fields": {}})
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    mturk.approve_assignment(AssignmentId=first)
    mturk.reject_assignment(AssignmentId=second, RequesterFeedback="no")
    assert state(mturk, hit) == ("Reviewable", 0, 0, 2)


def test_reviewing_and_back(mturk, control):
    hit = new_hit(mturk)
    with refused("InvalidHITState", "'Assignable'.*status of: Reviewable"):
        mturk.update_hit_review_status(HITId=hit["HITId"])
    do(control, hit, "AREVIEWED")
    with refused("InvalidHITState", "'Reviewable'.*status of: Reviewing"):
        mturk.update_hit_review_status(HITId=hit["HITId"], Revert=True)
    mturk.update_hit_review_status(HITId=hit["HITId"])
    assert state(mturk, hit)[0] == "Reviewing"
    mturk.update_hit_review_status(HITId=hit["HITId"], Revert=True)
    assert state(mturk, hit)[0] == "Reviewable"
    mturk.update_hit_review_status(HITId=hit["HITId"])
    mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=1)
    assert state(mturk, hit) == ("Assignable", 0, 1, 0)
    do(control, hit, "AREVIEWER")
    assert state(mturk, hit)[0] == "Reviewable"  # not Reviewing: extending ended that


def test_expiring_at_once_releases_what_nobody_took_and_lets_the_others_finish(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3)
    first, second = accept(control, hit, "AEXPIREONE"), accept(control, hit, "AEXPIRETWO")
    expire(mturk, hit)
    assert state(mturk, hit) == ("Unassignable", 2, 0, 0)
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["Expiration"] == datetime.datetime(2015, 1, 1, tzinfo=UTC)
    assert balance(mturk) == ("9998.80", "1.20")
    control.post("submit", {"AssignmentId": first, "Fields": {}})
    control.post("return", {"AssignmentId": second})
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    assert balance(mturk) == ("9999.40", "0.60")
    mturk.approve_assignment(AssignmentId=first)
    assert balance(mturk) == ("9999.40", "0.00")


def test_an_expired_hit_can_be_extended_if_there_is_money(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2, Reward="3000.00")
    done = do(control, hit, "AEXTENDED")
    expire(mturk, hit)
    assert balance(mturk) == ("6400.00", "3600.00")
    extended = {"HITId": hit["HITId"], "ExpireAt": at(control.now() + 3600)}
    other = new_hit(mturk, Reward="5000.00")
    with refused("InsufficientFunds"):
        mturk.update_expiration_for_hit(**extended)
    assert state(mturk, hit)[0] == "Reviewable"
    expire(mturk, other)
    mturk.update_expiration_for_hit(**extended)
    assert state(mturk, hit) == ("Assignable", 0, 1, 0)
    assert balance(mturk) == ("2800.00", "7200.00")
    mturk.approve_assignment(AssignmentId=done)
    assert ledger_of(control, hit) == [
        ("hold", "7200.00"),
        ("release", "3600.00"),
        ("hold", "3600.00"),
        ("release", "3600.00"),
        ("reward", "3000.00"),
        ("fee", "600.00"),
    ]


def test_expiry_moves_by_a_minute_to_a_year_and_never_back(mturk, control):
    hit = new_hit(mturk)
    expiration = hit["Expiration"]

    def update(seconds):
        moment = expiration + datetime.timedelta(seconds=seconds)
        mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=moment)

    wording = "The value {} is invalid for ExpirationIncrementInSeconds. Valid values range from 60 to 31536000\\."
    for increment in (-1800, 0, 59, 31_536_001):
        with invalid(wording.format(increment)):
            update(increment)
    update(60)
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["Expiration"] == expiration + datetime.timedelta(seconds=60)


def test_clients_that_send_whole_seconds_can_extend_by_exactly_a_minute(mturk, wire):
    hit = new_hit(mturk)
    for minute in (1, 2, 3):
        moment = int(hit["Expiration"].timestamp()) + 60 * minute
        assert wire.call("UpdateExpirationForHIT", {"HITId": hit["HITId"], "ExpireAt": moment}).json == {}
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["Expiration"] == at(moment)


def test_the_same_new_expiry_twice_is_taken_for_a_repetition(mturk):
    hit = new_hit(mturk)
    moment = hit["Expiration"] + datetime.timedelta(hours=1)
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=moment)
    token = f'"{hit["HITId"]}{moment.astimezone(UTC):%a %b %d %H:%M:%S} UTC {moment.astimezone(UTC):%Y}"'
    with refused("DuplicateRequest", f"^The idempotency token {token} has already been processed\\."):
        mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=moment)


@pytest.mark.parametrize("moment", [0, "2015-01-01"])
def test_a_hit_can_be_expired_with_the_same_past_time_as_often_as_a_script_likes(mturk, control, moment):
    hit = new_hit(mturk, MaxAssignments=2)
    held = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "A1LATE"})["AssignmentId"]
    expire_again = functools.partial(mturk.update_expiration_for_hit, HITId=hit["HITId"], ExpireAt=moment)
    expire_again()
    expire_again()
    with refused("InvalidHITState", "'Unassignable'"):
        mturk.delete_hit(HITId=hit["HITId"])
    control.post("return", {"AssignmentId": held})
    expire_again()
    mturk.delete_hit(HITId=hit["HITId"])
    assert balance(mturk) == ("10000.00", "0.00")


def test_fewer_than_ten_assignments_never_become_ten(mturk):
    small, large = new_hit(mturk, MaxAssignments=8), new_hit(mturk, MaxAssignments=10)
    add = mturk.create_additional_assignments_for_hit
    add(HITId=small["HITId"], NumberOfAdditionalAssignments=1)
    with refused("InvalidMaximumAssignmentsIncrease", "fewer than 10"):
        add(HITId=small["HITId"], NumberOfAdditionalAssignments=1)
    add(HITId=large["HITId"], NumberOfAdditionalAssignments=5)
    with invalid("NumberOfAdditionalAssignments"):
        add(HITId=large["HITId"], NumberOfAdditionalAssignments=0)
    assert state(mturk, small)[2] == 9
    assert state(mturk, large)[2] == 15
    assert balance(mturk)[1] == "15.90"  # 9 x 0.60 and 15 x 0.70


def test_additional_assignments_of_an_expired_hit_open_when_it_is_extended(mturk, control):
    hit = new_hit(mturk)
    expire(mturk, hit)
    mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=2)
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    assert balance(mturk)[1] == "0.00"
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=at(control.now() + 600))
    assert state(mturk, hit) == ("Assignable", 0, 3, 0)
    assert balance(mturk)[1] == "1.80"


def test_time_expires_a_hit(mturk, control):
    hit = new_hit(mturk, LifetimeInSeconds=60)
    control.advance(61)
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    assert balance(mturk) == ("10000.00", "0.00")


def test_who_takes_too_long_has_abandoned_it(mturk, control):
    hit = new_hit(mturk)
    accept(control, hit, "AABANDONS")
    assert state(mturk, hit) == ("Unassignable", 1, 0, 0)
    control.advance(600)
    assert state(mturk, hit) == ("Assignable", 0, 1, 0)
    assert balance(mturk) == ("9999.40", "0.60")
    accept(control, hit, "AABANDONS")  # the same worker may try again


def test_work_may_be_handed_in_after_the_hits_expiry_but_not_after_its_own_deadline(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2, LifetimeInSeconds=60)
    first, second = accept(control, hit, "ALATEONE"), accept(control, hit, "ALATETWO")
    control.advance(120)
    assert state(mturk, hit) == ("Unassignable", 2, 0, 0)
    control.post("submit", {"AssignmentId": first, "Fields": {}})
    control.advance(600)
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    assert balance(mturk) == ("9999.40", "0.60")
    assert mturk.list_assignments_for_hit(HITId=hit["HITId"])["NumResults"] == 1
    assert second not in str(mturk.list_assignments_for_hit(HITId=hit["HITId"]))


def test_unreviewed_work_is_approved_when_its_delay_is_over(mturk, control):
    hit = new_hit(mturk, AutoApprovalDelayInSeconds=3 * DAY)
    assignment_id = do(control, hit, "AAUTO")
    control.advance(3 * DAY - 60)
    assert mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]["AssignmentStatus"] == "Submitted"
    control.advance(60)
    assignment = mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]
    assert assignment["AssignmentStatus"] == "Approved"
    assert assignment["ApprovalTime"] == assignment["AutoApprovalTime"]
    assert balance(mturk) == ("9999.40", "0.00")


def test_a_delay_of_nothing_approves_by_itself_within_seconds(mturk, control):
    assignment_id = do(control, new_hit(mturk, AutoApprovalDelayInSeconds=0), "AINSTANT")
    deadline = time.monotonic() + 10
    while mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]["AssignmentStatus"] != "Approved":
        assert time.monotonic() < deadline, "the sweep did not come"
        time.sleep(0.1)


def test_old_hits_are_disposed_of(mturk, control):
    hit = new_hit(mturk)
    do(control, hit, "AOLD")
    control.advance(119 * DAY)
    assert state(mturk, hit)[0] == "Reviewable"
    control.advance(DAY)
    with refused("HITDoesNotExist"):
        mturk.get_hit(HITId=hit["HITId"])
    with refused("InvalidHITState", "'Disposed'"):
        mturk.delete_hit(HITId=hit["HITId"])


def test_a_year_at_once_does_everything_in_the_order_it_falls_due(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3, LifetimeInSeconds=2 * DAY, AutoApprovalDelayInSeconds=5 * DAY)
    do(control, hit, "AYEARONE")
    accept(control, hit, "AYEARTWO")
    begin = control.now()
    control.advance(365 * DAY)
    rows = [row for row in control.get("ledger") if row["hit"] == hit["HITId"]]
    assert [(row["kind"], row["amount"], round((row["time"] - begin) / DAY)) for row in rows] == [
        ("hold", "1.80", 0),
        ("release", "1.20", 2),  # nobody took the third, the second was abandoned minutes after it was accepted
        ("release", "0.60", 5),
        ("reward", "0.50", 5),
        ("fee", "0.10", 5),
    ]
    with refused("HITDoesNotExist"):
        mturk.get_hit(HITId=hit["HITId"])
    assert balance(mturk) == ("9999.40", "0.00")
