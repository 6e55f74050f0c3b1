from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.beam import BeamParams
from recognition.folding import fold_letters
from recognition.lexicon import Lexicon
from recognition.prior import NamePrior
from recognition.rewriting import Belief, LexiconParams, PriorParams, with_lexicon, with_prior
from recognition.training.build_prior import BuildParams, build_tables
from tests.unit.recognition.lines import every_text, random_line, written_line

ALPHABET = Alphabet(NAME_ALPHABET)
COUNTS = {"MARTIN": 90.0, "MARTINE": 30.0, "MARIE": 60.0, "RENÉE": 20.0, "LLOYD": 10.0}
PRIOR = NamePrior(
    build_tables([(1.0, {fold_letters(n): c for n, c in COUNTS.items()})], BuildParams(people=500))
)
LEXICON = Lexicon(COUNTS.items())


def believed(weight, letter_bonus, margin_nats=6.0, **search):
    """Believe names alike in clear and in unclear ink."""
    belief = Belief(weight=weight, letter_bonus=letter_bonus, margin_nats=margin_nats)
    return PriorParams(clear=belief, unclear=belief, **search)


BELIEF = believed(0.5, 0.5, 5.0)


def line_of(text, **rivals):
    """A written line; ``p3="xy"`` is unsure at place 3 between the text's letter and x at 0.y."""
    at = {int(place[1:]): (rival[0], float(rival[1:])) for place, rival in rivals.items()}
    return written_line(text, NAME_ALPHABET, rivals=at)


def prior_reading(line, params=BELIEF):
    return with_prior(line, alphabet=ALPHABET, prior=PRIOR, params=params)


def lexicon_reading(line, params=None):
    return with_lexicon(line, alphabet=ALPHABET, lexicon=LEXICON, params=params or LexiconParams())


READERS = [pytest.param(prior_reading, id="prior"), pytest.param(lexicon_reading, id="lexicon")]


@pytest.mark.parametrize("read", READERS)
def test_an_unsure_letter_becomes_the_one_that_makes_a_name(read):
    reading = read(line_of("Martln", p4="i0.3"))

    assert (reading.raw_text, reading.text) == ("Martln", "Martin")
    assert reading.changed
    assert reading.margin_nats == pytest.approx(math.log(0.7 / 0.3), abs=0.01)


@pytest.mark.parametrize("read", READERS)
def test_a_rare_name_in_clear_ink_stays(read):
    reading = read(line_of("Mertyn"))

    assert reading.text == reading.raw_text == "Mertyn"
    assert not reading.changed
    assert reading.margin_nats == 0


@pytest.mark.parametrize("read", READERS)
def test_the_ink_decides_case_and_accents(read):
    reading = read(line_of("rEnex", p1="e0.4", p3="é0.2", p4="e0.45"))

    assert reading.text == "rEnee"


@pytest.mark.parametrize("read", READERS)
def test_a_listed_name_keeps_the_spelling_the_ink_gives_it(read):
    reading = read(line_of("rénée"))

    assert reading.text == reading.raw_text == "rénée"
    assert not reading.changed


@pytest.mark.parametrize("read", READERS)
def test_letters_of_two_cases_side_by_side_stay_two(read):
    line = line_of("Lloyd")
    line[2] = line[3]  # no blank is left between L and l
    line[3] = line[4]

    reading = read(line)

    assert reading.text == reading.raw_text == "Lloyd"


@pytest.mark.parametrize("read", READERS)
def test_the_characters_spell_the_text_and_stand_in_order(read):
    reading = read(line_of("Martln", p4="i0.3"))

    assert "".join(char.char for char in reading.chars) == reading.text
    assert [char.start_frame for char in reading.chars] == [1, 4, 7, 10, 13, 16]
    assert reading.chars[4].probability == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(np.zeros((0, ALPHABET.size), np.float32), id="no-frames"),
        pytest.param(line_of("M")[:1].repeat(20, axis=0), id="all-blank"),
    ],
)
def test_a_line_without_ink_reads_as_nothing(read, line):
    reading = read(line)

    assert (reading.text, reading.chars, reading.changed) == ("", (), False)


def test_names_are_not_read_where_the_ink_shows_no_letter():
    line = line_of("M")[:1].repeat(20, axis=0)
    line[10] = np.log(np.full(ALPHABET.size, 1e-6))
    line[10, [0, NAME_ALPHABET.index("A") + 1]] = np.log([0.6, 0.4])
    alone = Lexicon([("A", 1.0)])

    listed = with_lexicon(line, alphabet=ALPHABET, lexicon=alone, params=LexiconParams())
    weighed = prior_reading(line, believed(0.5, 9.0))

    assert (listed.text, weighed.text) == ("", "")
    assert max(listed.probability, weighed.probability) < 0.2
    assert listed.alternatives[0][0] == weighed.alternatives[0][0] == "A"


@pytest.mark.parametrize("read", READERS)
def test_impossible_labels_do_not_disturb(read):
    line = line_of("Martin")
    line[line < -8] = -np.inf

    assert read(line).text == "Martin"


@pytest.mark.parametrize("read", READERS)
def test_another_alphabets_line_is_the_callers_bug(read):
    with pytest.raises(ValueError, match="log probabilities"):
        read(np.zeros((5, 4), np.float32))


@pytest.mark.parametrize("read", READERS)
def test_the_same_line_always_reads_the_same(read):
    line = random_line(20, ALPHABET.size, seed=4, sharpness=3.0)
    line.setflags(write=False)

    assert read(line) == read(line)


def test_the_next_best_texts_are_given_as_the_ink_writes_them():
    trusting_ink = believed(0.0, 0.0)
    line = line_of("Martln", p4="i0.4")

    by_ink, by_list = prior_reading(line, trusting_ink), lexicon_reading(line)

    assert by_ink.alternatives == (("Martin", pytest.approx(0.4, abs=0.01)),)
    ((text, share),) = by_list.alternatives
    assert (by_list.text, text) == ("Martin", "Martln")
    assert 0 < share < by_list.probability


@pytest.mark.parametrize("read", READERS)
def test_clear_ink_leaves_no_alternatives(read):
    assert read(line_of("Mertyn")).alternatives == ()


def test_no_more_than_three_alternatives_are_given_and_none_is_given_twice():
    trusting_ink = believed(0.0, 0.0)
    line = line_of("Mabcd ", p1="x0.45", p2="x0.45", p3="x0.45")
    line[16, 0] = line[16, NAME_ALPHABET.index(" ") + 1]  # a space at the end, or none

    reading = prior_reading(line, trusting_ink)

    texts = [reading.text, *(text for text, _ in reading.alternatives)]
    assert len(texts) == len(set(texts)) == 4
    shares = [share for _, share in reading.alternatives]
    assert shares == sorted(shares, reverse=True)


def test_the_margin_is_what_keeps_an_odd_name():
    line = line_of("Martyn", p4="i0.05")  # three nats
    wide = believed(0.5, 0.5, 4.0)
    narrow = believed(0.5, 0.5, 2.0)

    assert prior_reading(line, wide).text == "Martin"
    assert prior_reading(line, narrow).text == "Martyn"


def test_names_are_believed_more_where_the_ink_is_unclear():
    params = PriorParams(
        clear=Belief(weight=0.5, letter_bonus=0.5, margin_nats=2.0),
        unclear=Belief(weight=0.5, letter_bonus=0.5, margin_nats=4.0),
    )
    line = line_of("Martyn", p4="i0.05")  # three nats
    blurred = line_of("Martyn", p0="N0.3", p2="n0.3", p4="i0.04")  # 0.13 nats a letter

    assert prior_reading(line, params).text == "Martyn"
    assert prior_reading(blurred, params).text == "Martin"


def test_a_prior_without_weight_leaves_the_inks_best_text():
    trusting_ink = believed(0.0, 0.0)

    reading = prior_reading(line_of("Martln", p4="i0.4"), trusting_ink)

    assert reading.text == "Martln"
    assert reading.probability == pytest.approx(0.6, abs=0.01)


@settings(deadline=None, max_examples=40)
@given(st.integers(min_value=0, max_value=10_000))
def test_the_text_is_the_best_of_all_texts_within_the_margin(seed):
    characters = "MAE"
    line = random_line(5, 4, seed=seed, sharpness=3.0)
    beam = BeamParams(width=10_000, gap_nats=math.inf)
    params = believed(0.7, 0.4, 2.5, label_floor=0.0, beam=beam)
    inks = {text: math.log(p) for text, p in every_text(line, characters).items()}

    reading = with_prior(line, alphabet=Alphabet(characters), prior=PRIOR, params=params)

    raw = inks["".join(reading.raw_text)]
    scores = {
        text: own + 0.7 * PRIOR.score(text) + 0.4 * len(text)
        for text, own in inks.items()
        if raw - own <= 2.5
    }
    assert scores[reading.text] == pytest.approx(max(scores.values()), abs=1e-4)
    total = math.fsum(math.exp(score) for score in scores.values())
    assert reading.probability == pytest.approx(math.exp(scores[reading.text]) / total, rel=1e-3)
    shares = sorted((math.exp(score) / total for score in scores.values()), reverse=True)[1:4]
    found = [share for _, share in reading.alternatives]
    assert found == pytest.approx([share for share in shares if share >= 1e-3], rel=1e-3)
    for text, share in reading.alternatives:
        assert text != reading.text
        assert share == pytest.approx(math.exp(scores[text]) / total, rel=1e-3)


def test_a_listed_name_some_edits_away_is_weighed_even_where_the_beam_misses_it():
    line = line_of("Mxrtln", p1="a0.2", p4="i0.2")
    narrow = LexiconParams(beam=BeamParams(width=1), edits=2)

    assert lexicon_reading(line, narrow).text == "Martin"


@pytest.mark.parametrize("share", [0.002, 0.005, 0.01])
def test_a_value_in_no_list_stays_in_clear_ink(share):
    reading = lexicon_reading(line_of("Martyn", p4=f"i{share}"))

    assert (reading.text, reading.backed) == ("Martyn", False)


def test_a_listed_name_is_taken_where_clear_ink_is_near_it():
    assert lexicon_reading(line_of("Martyn", p4="i0.05")).text == "Martin"


def test_the_beam_finds_a_listed_name_that_is_many_edits_away():
    rivals = {"p0": "M0.45", "p1": "a0.45", "p2": "r0.45", "p3": "i0.45", "p4": "e0.45"}
    line = line_of("Xxxxx", **rivals)

    assert lexicon_reading(line, LexiconParams(edits=0)).text == "Marie"


def test_the_commoner_of_two_names_that_the_ink_cannot_part_is_taken():
    line = line_of("Martinx", p6="e0.3")
    line[19, 0] = np.log(0.3)  # nothing there is as likely as an e

    reading = lexicon_reading(line, LexiconParams(weight=1.0))

    assert reading.text == "Martin"


def test_a_list_backs_the_names_that_stand_in_it_and_no_other():
    assert lexicon_reading(line_of("Martln", p4="i0.3")).backed
    assert lexicon_reading(line_of(" Martin")).backed, "spaces at the ends are no letters"
    assert not lexicon_reading(line_of("Mertyn")).backed
    assert prior_reading(line_of("Mertyn")).backed, "a prior judges every name"


def test_a_listed_name_in_clear_ink_has_all_of_the_share():
    assert lexicon_reading(line_of("Martin")).probability > 0.999


def test_what_the_ink_may_say_beyond_the_texts_weighed_keeps_a_part_of_the_share():
    rivals = {f"p{place}": "x0.5" for place in range(6)}

    reading = lexicon_reading(line_of("qwvykz", **rivals))

    assert not reading.backed
    assert reading.probability < 0.05, "the ink alone gives it one chance in 64"
