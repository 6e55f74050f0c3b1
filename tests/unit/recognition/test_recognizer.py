from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.checkpoint import save_checkpoint
from recognition.confidence import UNCALIBRATED, Calibrator, Calibrators
from recognition.lexicon import Lexicon
from recognition.line_reader import read_lines
from recognition.preprocess import line_image
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.rewriting import PriorParams, with_prior
from recognition.types import Hint
from tests.unit.recognition.lines import written_line
from tests.unit.recognition.networks import SMALL, ScriptedNetwork, small_network

SURNAMES = Lexicon([("MARTIN", 90.0), ("MORVAN", 60.0)])


@pytest.fixture(scope="module")
def reader():
    return Recognizer(small_network(), Alphabet(NAME_ALPHABET), model_id="test", device="cpu")


def reader_of(text, *, prior=None, lexicons=None, calibrators=UNCALIBRATED, **rivals):
    """A recognizer that sees ``text``; ``p3="xy"`` as in ``test_rewriting``."""
    at = {int(place[1:]): (rival[0], float(rival[1:])) for place, rival in rivals.items()}
    return Recognizer(
        ScriptedNetwork(written_line(text, NAME_ALPHABET, rivals=at)),  # type: ignore[arg-type] # a full double of a network, not a Crnn
        Alphabet(NAME_ALPHABET),
        model_id="scripted",
        device="cpu",
        calibrators=calibrators,
        prior=prior,
        lexicons=lexicons or {},
    )


def read_one(reader, hint=None):
    (reading,) = reader.read(crops(1), None if hint is None else [hint])
    return reading


def crops(count=9, seed=4):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        crop = np.full((int(rng.integers(20, 90)), int(rng.integers(30, 400))), 255, np.uint8)
        for x in range(5, crop.shape[1] - 8, 12):
            crop[int(rng.integers(2, 8)) : -3, x : x + 3] = rng.integers(0, 120)
        crop.setflags(write=False)
        made.append(crop)
    return made


def test_readings_come_in_the_order_of_the_crops(reader):
    given = crops()

    together = reader.read(given)

    alone = [reader.read([crop])[0] for crop in given]
    assert [r.text for r in together] == [r.text for r in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert 0 <= one.confidence <= 1
        assert one.model_id == "test"


def test_no_crops_give_no_readings(reader):
    assert reader.read([]) == []


@pytest.mark.parametrize(
    "crop",
    [
        np.full((50, 200), 255, np.uint8),
        np.zeros((50, 200), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((10, 5000), 255, np.uint8),
    ],
    ids=["blank", "black", "one-pixel", "very-wide"],
)
def test_degenerate_crops_are_read_like_any_other(reader, crop):
    plain = crops(1)

    first, reading, last = reader.read([*plain, crop, *plain])

    assert reading.chars or reading.text == ""
    assert "".join(char.char for char in reading.chars).split() == reading.text.split()
    assert 0 <= reading.confidence <= 1
    (alone,) = reader.read([crop])
    assert reading.text == alone.text
    assert first.text == last.text == reader.read(plain)[0].text, "its neighbours read as ever"


@pytest.mark.parametrize("shape", [(0, 40), (40, 0), (40,), (4, 4, 3)], ids=str)
def test_what_is_no_picture_is_the_callers_bug(reader, shape):
    with pytest.raises(ValueError, match="uint8"):
        reader.read([np.zeros(shape, np.uint8)])


def test_names_stay_out_of_what_is_printed(reader):
    (reading,) = reader.read(crops(1))

    shown = repr(reading)
    assert "text" not in shown
    assert "chars" not in shown
    assert "alternatives" not in shown


def test_a_checkpoint_gives_its_own_id_and_calibrators(tmp_path):
    path = tmp_path / "small.safetensors"
    sure = Calibrators(ink=Calibrator(intercept=9.0, weight=0.0))
    model_id = save_checkpoint(path, small_network(), SMALL, {"calibrators": sure.as_dict()})

    hot = Recognizer.load(path)
    save_checkpoint(path, small_network(), SMALL, {})
    plain = Recognizer.load(path)

    assert hot.model_id == model_id != plain.model_id
    (crop,) = crops(1)
    assert hot.read([crop])[0].confidence > plain.read([crop])[0].confidence


def test_a_recognizer_that_believes_a_prior_says_what_ink_and_names_say(reader):
    prior, wanted = read_prior(), {}
    lines = [line_image(crop) for crop in crops(5)]
    for index, log_probs in read_lines(small_network(), lines, device="cpu"):
        weighed = with_prior(
            log_probs, alphabet=Alphabet(NAME_ALPHABET), prior=prior, params=PriorParams()
        )
        wanted[index] = weighed.text

    readings = reader.believing(prior).read(crops(5))

    assert [reading.text for reading in readings] == [wanted[index] for index in range(5)]
    for reading in readings:
        assert reading.evidence.share is not None
        assert reading.confidence == UNCALIBRATED.confidence(reading.evidence)


def test_without_names_confidence_is_made_of_the_ink_alone(reader):
    for reading in reader.read(crops(3)):
        assert reading.evidence.share is None
        assert reading.confidence == pytest.approx(math.exp(reading.evidence.ink_log_prob))


def test_a_recognizer_that_believes_a_prior_keeps_its_calibrators():
    calibrators = Calibrators(names=Calibrator(intercept=9.0, weight=0.0))
    own = Recognizer(
        small_network(),
        Alphabet(NAME_ALPHABET),
        model_id="test",
        device="cpu",
        calibrators=calibrators,
    )

    (reading,) = own.believing(read_prior()).read(crops(1))

    assert reading.confidence == calibrators.names.confidence(reading.evidence) > 0.99


def test_without_names_the_raw_text_is_the_text_and_nothing_was_weighed(reader):
    for reading in reader.read(crops(5)):
        assert reading.raw_text == reading.text
        assert reading.alternatives == ()


def test_an_unsure_letter_is_rewritten_and_what_the_ink_says_is_kept_beside_it():
    reading = read_one(reader_of("Martln", p4="i0.3", prior=read_prior()))

    assert (reading.raw_text, reading.text) == ("Martln", "Martin")
    assert "".join(char.char for char in reading.chars) == "Martin"


def test_a_text_that_may_be_meant_as_well_is_given_with_its_share():
    reading = read_one(reader_of("Martin", p3="l0.4", prior=read_prior()))

    assert reading.text == "Martin"
    rivals = dict(reading.alternatives)
    assert 0.05 < rivals["Marlin"] < reading.raw_confidence
    assert sum(rivals.values()) + reading.raw_confidence <= 1 + 1e-9


@pytest.mark.parametrize("name", ["Xqwyk", "Ngapht", "Mxrtln", "Ý", "O-o-o-o"])
@pytest.mark.parametrize("hint", [Hint(), Hint(lexicon="surnames")], ids=["prior", "lexicon"])
def test_a_rare_true_name_is_never_rewritten_where_the_ink_is_clear(name, hint):
    clear = reader_of(name, prior=read_prior(), lexicons={"surnames": SURNAMES})

    reading = read_one(clear, hint)

    assert reading.text == reading.raw_text == name
    assert reading.alternatives == ()


def test_the_list_a_hint_names_is_asked_in_place_of_the_prior():
    odd = Lexicon([("MARTLN", 1.0), ("MORVAN", 1.0)])
    both = reader_of("Martin", p4="l0.55", prior=read_prior(), lexicons={"odd": odd})

    listed, guessed = both.read(crops(2), [Hint(lexicon="odd"), Hint()])

    assert (listed.text, guessed.text) == ("Martln", "Martin")
    assert listed.raw_text == guessed.raw_text


def test_a_field_of_capitals_reads_small_letters_as_capitals():
    small = reader_of("martln", p4="i0.3", lexicons={"surnames": SURNAMES})

    greedy, listed = small.read(
        crops(2), [Hint(letters="upper"), Hint(letters="upper", lexicon="surnames")]
    )

    assert greedy.text == greedy.raw_text == "MARTLN"
    assert (listed.raw_text, listed.text) == ("MARTLN", "MARTIN")
    assert dict(listed.alternatives).keys() == {"MARTLN"}


def test_each_crop_is_read_under_its_own_hint(reader):
    given = crops()
    hints = [Hint(letters="upper" if at % 2 else "any") for at in range(len(given))]

    together = reader.read(given, hints)

    alone = [reader.read([crop], [hint])[0] for crop, hint in zip(given, hints, strict=True)]
    assert [r.text for r in together] == [r.text for r in alone]
    assert all(r.text == r.text.upper().replace("SS", "ß") for r in together[1::2])


def test_a_hint_that_names_an_unknown_list_is_the_callers_bug(reader):
    with pytest.raises(ValueError, match="no lexicons \\['forenames'\\]"):
        reader.with_lexicons({"surnames": SURNAMES}).read(crops(1), [Hint(lexicon="forenames")])


def test_hints_must_be_as_many_as_crops(reader):
    with pytest.raises(ValueError, match="want 2 hints"):
        reader.read(crops(2), [Hint()])


def test_a_recognizer_told_of_names_leaves_the_other_as_it_was():
    plain = reader_of("Martln", p4="i0.3")

    told = plain.believing(read_prior()).with_lexicons({"surnames": SURNAMES})

    assert read_one(told).text == read_one(told, Hint(lexicon="surnames")).text == "Martin"
    assert read_one(plain).text == "Martln"


def test_a_list_that_lacks_the_text_makes_its_reading_no_surer_than_the_ink():
    calibrators = Calibrators(names=Calibrator(intercept=1.6, weight=0.28))
    rivals = {f"p{place}": "x0.45" for place in range(6)}
    unclear = reader_of(
        "qwvykz", lexicons={"surnames": SURNAMES}, calibrators=calibrators, **rivals
    )

    listed, alone = unclear.read(crops(2), [Hint(lexicon="surnames"), Hint()])

    assert listed.text == alone.text == "qwvykz"
    assert listed.confidence == alone.confidence < 0.1
    assert listed.evidence.share is None


def test_a_listed_name_in_clear_ink_stays_sure():
    clear = reader_of("Martin", lexicons={"surnames": SURNAMES})

    reading = read_one(clear, Hint(lexicon="surnames"))

    assert reading.evidence.share == pytest.approx(1, abs=1e-3)
    assert reading.confidence > 0.97
