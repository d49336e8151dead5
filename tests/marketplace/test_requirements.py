"""Who may discover, preview and accept HITs, by what they require."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from marketplace import clock, qualifications, requirements
from marketplace.models import Assignment, Qualification, QualificationType, Requester, Worker
from marketplace.operations import OPERATIONS
from tests.marketplace.making import HTML, KIND, invalid, new_hit, new_type, new_worker, refused
from tests.servers import ControlRefused

APPROVED, PERCENT, LOCALE = "00000000000000000040", "000000000000000000L0", "00000000000000000071"
ADULT = "00000000000000000060"
MASTERS, MASTERS_SANDBOX = "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"
ACTIONS = ("Accept", "PreviewAndAccept", "DiscoverPreviewAndAccept")


def requirement(kind, comparator, *values, **more):
    type_id = kind["QualificationTypeId"] if isinstance(kind, dict) else kind
    made = {"QualificationTypeId": type_id, "Comparator": comparator, **more}
    return made | ({"IntegerValues": list(values)} if values else {})


def accepts(control, hit, worker_id):
    """Whether the worker can accept the HIT; if so, gives it back."""
    try:
        given = control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker_id})
    except ControlRefused as refusal:
        if refusal.code != "unqualified":
            raise
        return False
    control.post("return", given)
    return True


COMPARISONS = [
    # comparator, values, whether met with a value of 4, 5, 6 and without the qualification
    ("LessThan", (5,), (True, False, False, False)),
    ("LessThanOrEqualTo", (5,), (True, True, False, False)),
    ("GreaterThan", (5,), (False, False, True, False)),
    ("GreaterThanOrEqualTo", (5,), (False, True, True, False)),
    ("EqualTo", (5,), (False, True, False, False)),
    ("NotEqualTo", (5,), (True, False, True, False)),
    ("In", (4, 6, -1), (True, False, True, False)),
    ("NotIn", (4, 6, -1), (False, True, False, False)),
    ("Exists", (), (True, True, True, False)),
    ("DoesNotExist", (), (False, False, False, True)),
]


def test_every_comparator_on_a_requesters_own_type(mturk, control):
    kind = new_type(mturk)
    workers = [new_worker(control) for _ in range(4)]
    for worker, value in zip(workers, (4, 5, 6), strict=False):
        mturk.associate_qualification_with_worker(
            QualificationTypeId=kind["QualificationTypeId"], WorkerId=worker, IntegerValue=value
        )
    for comparator, values, met in COMPARISONS:
        hit = new_hit(mturk, QualificationRequirements=[requirement(kind, comparator, *values)])
        assert tuple(accepts(control, hit, worker) for worker in workers) == met, comparator


def test_a_revoked_qualification_is_none(mturk, control):
    kind, worker = new_type(mturk), new_worker(control)
    hit = new_hit(mturk, QualificationRequirements=[requirement(kind, "Exists")])
    assert not accepts(control, hit, worker)
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    mturk.associate_qualification_with_worker(**whose, IntegerValue=0)
    assert accepts(control, hit, worker)
    mturk.disassociate_qualification_from_worker(**whose)
    assert not accepts(control, hit, worker)


def test_all_of_ten_requirements_have_to_be_met(mturk, control):
    kinds = [new_type(mturk, Name=f"Kind {number}") for number in range(10)]
    hit = new_hit(mturk, QualificationRequirements=[requirement(kind, "EqualTo", 1) for kind in kinds])
    worker = new_worker(control)
    for kind in kinds:
        assert not accepts(control, hit, worker)
        mturk.associate_qualification_with_worker(QualificationTypeId=kind["QualificationTypeId"], WorkerId=worker)
    assert accepts(control, hit, worker)


def test_the_refusal_names_what_is_missing(mturk, control):
    kind = new_type(mturk)
    hit = new_hit(mturk, QualificationRequirements=[requirement(kind, "Exists"), requirement(APPROVED, "LessThan", 1)])
    with pytest.raises(ControlRefused) as refusal:
        control.post("accept", {"HITId": hit["HITId"], "WorkerId": new_worker(control)})
    assert kind["QualificationTypeId"] in refusal.value.message
    assert APPROVED not in refusal.value.message


def test_only_own_active_types_can_be_required(mturk, marketplace, access_key):
    theirs = new_type(marketplace.client(f"{access_key}B"))
    sleeping = new_type(mturk, QualificationTypeStatus="Inactive")
    for unknown in (theirs["QualificationTypeId"], "3UNKNOWN", "no id"):
        with refused("QualificationTypeDoesNotExist", rf"^QualificationType \[{unknown}\] does not exist\."):
            new_hit(mturk, QualificationRequirements=[requirement(unknown, "Exists")])
    with refused("InvalidQualificationTypeState", r"^This operation can be called with a status of: Active "):
        new_hit(mturk, QualificationRequirements=[requirement(sleeping, "Exists")])
    assert mturk.list_hits()["NumResults"] == 0


def test_a_type_made_inactive_makes_no_more_hits_until_it_is_active_again(mturk, control):
    kind = new_type(mturk)
    wanted = {"QualificationRequirements": [requirement(kind, "DoesNotExist")]}
    hit = new_hit(mturk, **wanted)
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    mturk.update_qualification_type(**whose, QualificationTypeStatus="Inactive")
    assert accepts(control, hit, new_worker(control))  # what is published goes on
    again = {"HITTypeId": hit["HITTypeId"], "LifetimeInSeconds": 60, "Question": HTML}
    with refused("InvalidQualificationTypeState"):
        mturk.create_hit_with_hit_type(**again)
    with refused("InvalidQualificationTypeState"):
        new_hit(mturk, **wanted)
    mturk.update_qualification_type(**whose, QualificationTypeStatus="Active")
    mturk.create_hit_with_hit_type(**again)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"LocaleValues": [{"Country": "ZZ"}]}, "The Country ZZ .* is not an ISO 3166 country code"),
        ({"LocaleValues": [{"Country": "us"}]}, "The Country us .* is not an ISO 3166 country code"),
        ({"LocaleValues": [{"Country": "US", "Subdivision": "QQ"}]}, "The Subdivision QQ .* is no state"),
        ({"LocaleValues": [{"Country": "DE", "Subdivision": "BE"}]}, "only those of the United States"),
    ],
)
def test_places_that_are_none(mturk, given, sentence):
    with invalid(sentence):
        new_hit(mturk, QualificationRequirements=[requirement(LOCALE, "EqualTo", **given)])


def test_numbers_are_not_places(mturk):
    with invalid("LocaleValues cannot be used in .*: use IntegerValues"):
        new_hit(
            mturk,
            QualificationRequirements=[
                requirement(new_type(mturk), "EqualTo", LocaleValues=[{"Country": "US"}]),
            ],
        )


# From here on without a server: workers as the worker site and the database know them.


def judged(worker, *asked, values=None):
    """(may discover, may preview, may accept)"""
    full = requirements.checked(list(asked), Requester())
    return tuple(
        may(full, worker, values)
        for may in (requirements.may_discover, requirements.may_preview, requirements.may_accept)
    )


def test_what_a_requirement_guards():
    worker = Worker(country="US")
    unmet = [requirement(ADULT, "EqualTo", 1, ActionsGuarded=action) for action in ACTIONS]
    met = [requirement(ADULT, "EqualTo", 0, ActionsGuarded=action) for action in ACTIONS]
    assert judged(worker) == judged(worker, *met) == (True, True, True)
    assert judged(worker, requirement(ADULT, "EqualTo", 1)) == (True, True, False)  # Accept is the default
    assert judged(worker, unmet[0]) == (True, True, False)
    assert judged(worker, unmet[1]) == (True, False, False)
    assert judged(worker, unmet[2]) == (False, False, False)
    assert judged(worker, met[2], unmet[1], met[0]) == (True, False, False)
    assert judged(worker, unmet[0], met[1]) == (True, True, False)
    assert judged(worker, requirement(ADULT, "EqualTo", 1, RequiredToPreview=True)) == (True, False, False)
    assert judged(worker, requirement(ADULT, "EqualTo", 1, RequiredToPreview=False)) == (True, True, False)
    # Given both, the newer way to say it counts.
    both = requirement(ADULT, "EqualTo", 1, RequiredToPreview=True, ActionsGuarded="Accept")
    assert judged(worker, both) == (True, True, False)


@pytest.mark.parametrize(
    ("comparator", "places", "met"),
    [
        # in Pennsylvania, in the United States, in India
        ("EqualTo", ["US-PA"], (True, False, False)),
        ("NotEqualTo", ["US-PA"], (False, True, True)),
        ("EqualTo", ["US"], (True, True, False)),
        ("NotEqualTo", ["US"], (False, False, True)),
        ("In", ["US-PA", "IN"], (True, False, True)),
        ("NotIn", ["US-NY", "US-PA"], (False, True, True)),
        ("NotIn", ["DE", "IN"], (True, True, False)),
    ],
)
def test_where_a_worker_lives(comparator, places, met):
    split = [place.partition("-") for place in places]
    values = [{"Country": country, **({"Subdivision": state} if state else {})} for country, _, state in split]
    asked = requirement(LOCALE, comparator, LocaleValues=values)
    workers = (Worker(country="US", subdivision="PA"), Worker(country="US"), Worker(country="IN"))
    assert tuple(judged(worker, asked)[2] for worker in workers) == met


def test_masters_and_adult_content_are_what_the_worker_is():
    plain, master = Worker(country="US"), Worker(country="US", is_master=True, accepts_adult_content=True)
    for type_id in (MASTERS, MASTERS_SANDBOX):
        assert judged(master, requirement(type_id, "Exists"))[2]
        assert not judged(plain, requirement(type_id, "Exists"))[2]
        assert judged(plain, requirement(type_id, "DoesNotExist"))[2]
    assert judged(master, requirement(ADULT, "EqualTo", 1))[2]
    assert not judged(plain, requirement(ADULT, "EqualTo", 1))[2]


@pytest.fixture
def history(db):
    """Gives a worker so many assignments of each state."""
    requester = Requester.for_key("AKIAHISTORY")
    now = clock.now()

    def give(worker, **counts):
        for state, count in counts.items():
            for _ in range(count):
                with transaction.atomic():
                    given = {**KIND, "LifetimeInSeconds": 60, "Question": HTML}
                    hit_id = OPERATIONS["CreateHIT"](requester, given)["HIT"]["HITId"]
                    hit = requester.hits.get(hit_id=hit_id)
                times = {"accept_time": now, "deadline": now + timedelta(minutes=1), "auto_approval_delay": 1}
                Assignment.objects.create(
                    hit=hit, worker=worker, status=state, reward=Decimal(1), fee=Decimal(1), **times
                )

    return give


def test_the_rate_is_100_until_100_were_handed_in(history):
    worker = Worker.for_id("ARATED")
    history(worker, Approved=49, Rejected=40, Submitted=10, Accepted=5, Returned=3)
    assert qualifications.values_of(worker, [PERCENT, APPROVED]) == {PERCENT: 100, APPROVED: 49}
    history(worker, Approved=1)  # the hundredth: 50 of 100
    assert qualifications.values_of(worker, [PERCENT, APPROVED]) == {PERCENT: 50, APPROVED: 50}
    assert not judged(worker, requirement(PERCENT, "GreaterThanOrEqualTo", 51))[2]
    history(worker, Approved=1)
    assert qualifications.values_of(worker, [PERCENT])[PERCENT] == 50  # 51 of 101: never rounded up
    history(Worker.for_id("AOTHER"), Approved=2)
    assert qualifications.values_of(worker, [APPROVED]) == {APPROVED: 51}


def test_values_of_many_types_cost_few_queries(db, django_assert_num_queries):
    requester, worker, now = Requester.for_key("AKIAVALUES"), Worker.for_id("AVALUED"), clock.now()
    kinds = [QualificationType.objects.create(requester=requester, created_at=now, name=f"k{n}") for n in range(30)]
    for number, kind in enumerate(kinds[:20]):
        status = "Revoked" if number % 2 else "Granted"
        Qualification.objects.create(
            qualification_type=kind, worker=worker, value=number, status=status, grant_time=now
        )
    ids = [kind.qualification_type_id for kind in kinds]
    with django_assert_num_queries(0):
        assert qualifications.values_of(worker, [LOCALE, ADULT, MASTERS]) == {LOCALE: 1, ADULT: 0, MASTERS: None}
    with django_assert_num_queries(2):  # own types; what the worker did
        values = qualifications.values_of(worker, [*ids, APPROVED, PERCENT, LOCALE])
    assert [values[type_id] for type_id in ids] == [n if n < 20 and n % 2 == 0 else None for n in range(30)]
    with django_assert_num_queries(0):  # judged from values that were read before
        asked = [requirement(APPROVED, "EqualTo", 0), requirement(PERCENT, "EqualTo", 100)]
        assert judged(worker, *asked, values=values) == (True, True, True)
