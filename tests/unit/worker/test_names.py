from __future__ import annotations

import pytest

from tests.factories import make_field_spec, make_template
from worker.errors import ConfigError
from worker.names import load_names
from worker.types import GREEDY


@pytest.fixture
def lists(tmp_path):
    """A folder with two lists, one of each kind of file."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "surnames.csv").write_text("MARTIN,90\nMORVAN,60\n")
    (folder / "forenames.txt").write_text("ADA\nIDA\n")
    return folder


def template_of(*lexicons):
    fields = [make_field_spec(name=f"field-{n}", lexicon=name) for n, name in enumerate(lexicons)]
    return make_template(fields=tuple(fields))


def load(folder, *lexicons, prior=False):
    return load_names([template_of(*lexicons)], prior=prior, lexicon_dir=folder)


def test_the_lists_that_fields_want_are_read_and_no_others(lists):
    (lists / "damaged.csv").write_bytes(b"\xff\xfe")

    names = load(lists, "surnames", None, "surnames")

    assert set(names.lexicons) == {"surnames"}
    assert len(names.lexicons["surnames"].entries) == 2
    assert names.prior is None


def test_a_list_may_be_csv_or_plain_text(lists):
    assert set(load(lists, "surnames", "forenames").lexicons) == {"surnames", "forenames"}


def test_without_a_list_no_folder_is_needed_and_the_ink_alone_has_its_own_version(tmp_path):
    names = load(tmp_path / "nowhere", None)

    assert (names.lexicons, names.prior, names.version) == ({}, None, GREEDY)


def test_the_version_tells_any_two_sets_of_names_apart_and_the_same_from_nothing(lists):
    versions = [
        load(lists, None).version,
        load(lists, None, prior=True).version,
        load(lists, "surnames").version,
        load(lists, "surnames", prior=True).version,
        load(lists, "forenames", "surnames").version,
    ]
    again = load(lists, "surnames", "forenames").version
    (lists / "forenames.txt").write_text("ADA\nIDA\nEDA\n")
    versions.append(load(lists, "forenames", "surnames").version)

    assert len(set(versions)) == 6
    assert again == versions[4]
    assert all(len(version) == 12 for version in versions[1:])


def test_every_list_that_is_missing_is_named_at_once_with_the_field_and_what_to_do(lists):
    with pytest.raises(ConfigError) as caught:
        load(lists, "surnames", "towns", "streets")

    message = str(caught.value)
    assert "field 'field-1' of 'clinic' wants the list 'towns'" in message
    assert f"{lists}/streets.csv or {lists}/streets.txt is missing" in message
    assert "lexicon_dir" in message
    assert "surnames" not in message


def test_a_list_that_is_there_twice_is_refused(lists):
    (lists / "surnames.txt").write_text("MARTIN\n")

    with pytest.raises(ConfigError, match=r"surnames\.txt are both there"):
        load(lists, "surnames")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "holds no name", id="empty"),
        pytest.param(b"NAME,COUNT\nMARTIN,x\n", "line 2: the count is no number", id="no-count"),
        pytest.param(b"\xff\xfe\x00", "no readable list; save it as CSV in UTF-8", id="not-utf-8"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_wrong_setting_with_its_file(lists, content, said):
    (lists / "surnames.csv").write_bytes(content)

    with pytest.raises(ConfigError, match=said) as caught:
        load(lists, "surnames")

    assert f"{lists}/surnames.csv" in str(caught.value)
    assert "MARTIN" not in str(caught.value)
