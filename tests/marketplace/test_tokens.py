"""UniqueRequestToken: a repeated call is recognised for 24 hours."""

from tests.marketplace.making import HTML, KIND, balance, new_hit, refused, state

DAY = 86_400


def test_a_repeated_creation_names_the_hit_it_made(mturk):
    hit = new_hit(mturk, UniqueRequestToken="t")
    with refused("HitAlreadyExists", f'^The HIT with ID "{hit["HITId"]}" already exists\\.'):
        new_hit(mturk, UniqueRequestToken="t", Title="whatever the rest says")
    assert balance(mturk) == ("9999.40", "0.60")
    assert mturk.list_hits()["NumResults"] == 1


def test_each_operation_and_each_requester_has_tokens_of_its_own(mturk, marketplace):
    type_id = mturk.create_hit_type(**KIND)["HITTypeId"]
    typed = {"HITTypeId": type_id, "LifetimeInSeconds": 60, "Question": HTML, "UniqueRequestToken": "same"}
    new_hit(mturk, UniqueRequestToken="same")
    hit = mturk.create_hit_with_hit_type(**typed)["HIT"]
    with refused("HitAlreadyExists", hit["HITId"]):
        mturk.create_hit_with_hit_type(**typed)
    new_hit(marketplace.client("AKIAANOTHER"), UniqueRequestToken="same")


def test_a_token_is_forgotten_after_a_day(mturk, control):
    new_hit(mturk, UniqueRequestToken="day", LifetimeInSeconds=3 * DAY)
    control.advance(DAY - 60)
    with refused("HitAlreadyExists"):
        new_hit(mturk, UniqueRequestToken="day")
    control.advance(61)
    new_hit(mturk, UniqueRequestToken="day")
    assert mturk.list_hits()["NumResults"] == 2


def test_a_failed_call_leaves_its_token_unused(mturk):
    with refused("InvalidMaximumAssignmentsIncrease"):
        mturk.create_additional_assignments_for_hit(
            HITId=new_hit(mturk)["HITId"], NumberOfAdditionalAssignments=9, UniqueRequestToken="again"
        )
    hit = new_hit(mturk)
    more = {"HITId": hit["HITId"], "NumberOfAdditionalAssignments": 2, "UniqueRequestToken": "again"}
    mturk.create_additional_assignments_for_hit(**more)
    with refused("DuplicateRequest", '^The idempotency token "again" has already been processed\\.'):
        mturk.create_additional_assignments_for_hit(**more)
    assert state(mturk, hit)[2] == 3
