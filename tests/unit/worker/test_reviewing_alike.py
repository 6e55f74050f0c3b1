from __future__ import annotations

from tests.database import make_field, read
from tests.factories import make_identity
from tests.reviewers import make_desk, read_field, said
from worker.reviewing import next_fields
from worker.reviewing_alike import next_group, settle_group
from worker.types import FieldStatus


def fill(sessions, **counts):
    for name, count in counts.items():
        for number in range(count):
            read_field(sessions, name, 0.5 + number / 100)


def test_the_name_that_waits_most_often_comes_first(sessions):
    fill(sessions, Ada=3, Eva=4, Ida=1)

    group = next_group(make_desk(sessions))

    assert group is not None
    assert (group.text, len(group.fields)) == ("Eva", 4)


def test_what_passed_is_in_no_group(sessions):
    fill(sessions, Ada=2)
    read_field(sessions, "Ada", 0.99, status=FieldStatus.READ)

    assert next_group(make_desk(sessions, audit_share=1.0)) is None


def test_what_was_read_anew_is_in_no_group(sessions):
    better = make_identity(model_id="ba9876543210")
    for number in range(4):
        uri = f"file:///again/{number}.jpg"
        old = make_field("full_name", "Old", confidence=0.1, status=FieldStatus.LOW_CONFIDENCE)
        read(sessions, old, uri=uri)
        read(sessions, make_field("full_name", "New"), uri=uri, identity=better)
    fill(sessions, Ada=3)

    group = next_group(make_desk(sessions))

    assert group is not None
    assert group.text == "Ada"


def test_the_others_are_confirmed_and_the_odd_ones_come_up_one_at_a_time(sessions):
    fill(sessions, Ada=4)
    desk = make_desk(sessions)
    group = next_group(desk)
    assert group is not None
    odd, *same = [field.lease_id for field in group.fields]

    assert settle_group(desk, same=same, odd=[odd]) == 3

    assert said(sessions) == [("Ada", "read", "rita")] * 3
    [left] = next_fields(desk, 9)
    assert left.reading_id == group.fields[0].reading_id


def test_odd_ones_never_come_back_in_a_group_and_the_next_name_comes_instead(sessions):
    fill(sessions, Ada=4, Eva=3)
    desk = make_desk(sessions)
    group = next_group(desk)
    assert group is not None

    settle_group(desk, same=[], odd=[field.lease_id for field in group.fields])

    after = next_group(desk)
    assert after is not None
    assert (group.text, after.text) == ("Ada", "Eva")
    assert [field.text for field in next_fields(make_desk(sessions, "otto"), 9)] == ["Ada"] * 4


def test_two_people_get_different_groups_and_a_page_loaded_anew_the_same(sessions):
    fill(sessions, Ada=3, Eva=4)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")

    groups = [next_group(desk) for desk in (rita, otto, rita)]

    assert [group and group.text for group in groups] == ["Eva", "Ada", "Eva"]


def test_a_field_that_another_took_over_is_left_to_them(sessions):
    fill(sessions, Ada=3)
    rita, otto = make_desk(sessions, "rita", lease_s=-1), make_desk(sessions, "otto")
    group = next_group(rita)
    assert group is not None
    next_fields(otto, 1)

    confirmed = settle_group(rita, same=[field.lease_id for field in group.fields], odd=[])

    assert confirmed == 2


def test_a_screen_holds_no_more_than_fits(sessions, monkeypatch):
    monkeypatch.setattr("worker.reviewing_alike.GROUP", 3)
    fill(sessions, Ada=4)

    group = next_group(make_desk(sessions))

    assert group is not None
    assert len(group.fields) == 3
