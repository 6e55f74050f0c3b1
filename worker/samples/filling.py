"""Fill in a blank form by hand: who is on it, what is left out, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import recognition.training
from segmentation.types import WritingStyle
from worker.samples.blank import Content, Who
from worker.samples.hand import Hand, baseline_row, fit, lay, tick, write_comb, write_line
from worker.samples.people import make_person
from worker.samples.sheet import to_px

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmentation.types import GrayImage
    from worker.samples.blank import Blank, Place
    from worker.samples.people import Person

FONT_FOLDER = Path(recognition.training.__path__[0]) / "fonts"
_JOINED = frozenset(
    {"cedarville-cursive", "la-belle-aurore"}
)  # their capitals are no block letters
_SIGNATURE_SIZE = 1.3  # of the same hand's usual writing
_BOX_FOOT = 0.3  # free share of a box below the letters
_STREETS = ("Elm Street", "Mill Road", "2nd Avenue", "Harbor Lane", "Oak Court", "Station Road")
_RELATIONS = ("mother", "father", "sister", "husband", "wife", "friend", "aunt", "neighbor")


@dataclass(frozen=True, slots=True, kw_only=True)
class FillingParams:
    """How people write on forms; ranges are from, to."""

    cap_mm: tuple[float, float] = (4.2, 7.2)  # height of a capital
    ink_gray: tuple[int, int] = (20, 85)  # black and blue pens, as a gray scan sees them
    faint_gray: tuple[int, int] = (105, 150)  # pencil, and pens that give out
    faint_share: float = 0.15  # of the hands
    capitals_share: float = 0.3  # of the hands
    drift_mm: float = 0.5  # standard deviation of the baseline about the ruled line
    stray_share: float = 0.2  # of the hands, which take more room than there is ...
    stray: float = 0.07  # ... by up to this share of a place's width
    family_share: float = 0.6  # of relatives, who bear the subject's family name


PARAMS = FillingParams()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilledForm:
    """A form as it was handed in."""

    image: GrayImage = field(repr=False)  # (H, W)
    texts: Mapping[str, str] = field(repr=False)  # field name to what is written; "" when empty


def fill(
    blank: Blank,
    rng: np.random.Generator,
    *,
    fonts: Sequence[Path] | None = None,
    params: FillingParams = PARAMS,
) -> FilledForm:
    """Fill in a form as a family and an official might.

    Args:
        blank: the form.
        rng: the only source of chance.
        fonts: handwriting fonts to choose from; those that are shipped if None.
        params: how people write.
    """
    fonts = fonts or shipped_fonts()
    subject = make_person(rng)
    people = {who: _relative(subject, rng, params) for who in Who} | {
        Who.SUBJECT: subject,
        Who.OFFICIAL: make_person(rng),
    }
    visitor, official = (_make_hand(fonts, rng, params) for _ in range(2))
    image = blank.image
    texts = {spec.name: "" for spec in blank.fields}
    for place in _chosen(blank.places, rng):
        hand = official if place.who is Who.OFFICIAL else visitor
        text = _what(place, people[place.who], hand, rng)
        image = _write(image, place, text, hand, rng)
        if place.name in texts:
            texts[place.name] = text
    return FilledForm(image=image, texts=texts)


def shipped_fonts() -> tuple[Path, ...]:
    """List the fonts that come with the package."""
    return tuple(sorted(FONT_FOLDER.glob("*.ttf")))


def _relative(subject: Person, rng: np.random.Generator, params: FillingParams) -> Person:
    shares = rng.random() < params.family_share
    return make_person(rng, family=subject.family if shares else None)


def _make_hand(fonts: Sequence[Path], rng: np.random.Generator, params: FillingParams) -> Hand:
    font = fonts[int(rng.integers(len(fonts)))]
    blocks = [path for path in fonts if path.stem not in _JOINED] or list(fonts)
    block = blocks[int(rng.integers(len(blocks)))] if font.stem in _JOINED else font
    faint = rng.random() < params.faint_share
    return Hand(
        font=font,
        block_font=block,
        capitals=bool(rng.random() < params.capitals_share),
        cap_px=to_px(rng.uniform(*params.cap_mm)),
        pen_px=int(rng.integers(0, 3)),
        gray=int(rng.integers(*(params.faint_gray if faint else params.ink_gray))),
        pressure=float(rng.uniform(0.6, 0.95)),
        grain=float(rng.uniform(0.2, 0.5) if faint else rng.uniform(0, 0.15)),
        drift_px=to_px(params.drift_mm),
        stray=params.stray if rng.random() < params.stray_share else 0.0,
    )


def _chosen(places: Sequence[Place], rng: np.random.Generator) -> list[Place]:
    """Pick the places that are written in: one tick of a group, a table's row all or not."""
    chosen = []
    groups: dict[str, list[Place]] = {}
    for i, place in enumerate(places):
        groups.setdefault(place.group or f"alone {i}", []).append(place)
    for group in groups.values():
        if rng.random() < group[0].blank_chance:
            continue
        if group[0].content is Content.TICK:
            chosen.append(group[int(rng.integers(len(group)))])
        else:
            chosen += group
    return chosen


def _what(place: Place, person: Person, hand: Hand, rng: np.random.Generator) -> str:
    """Say what is written in a place; "" for a tick."""
    names = {
        Content.FULL_NAME: person.full,
        Content.FIRST_NAME: person.given,
        Content.LAST_NAME: person.family,
    }
    if place.content in names:
        text = names[place.content]
        return text.upper() if place.cells or hand.capitals else text
    number = int(rng.integers(100))
    return {
        Content.SIGNATURE: person.full,
        Content.DATE: _date(rng, 2025, 2027),
        Content.BIRTH_DATE: _date(rng, 1950, 2021),
        Content.PUPIL_BIRTH_DATE: _date(rng, 2010, 2021).replace("/", ""),
        Content.PHONE: f"555-01{number:02}",  # numbers that are never given out
        Content.ADDRESS: f"{1 + number} {_STREETS[number % len(_STREETS)]}",
        Content.RELATION: _RELATIONS[number % len(_RELATIONS)],
        Content.TICK: "",
    }[place.content]


def _date(rng: np.random.Generator, first_year: int, end_year: int) -> str:
    year, month, day = rng.integers([first_year, 1, 1], [end_year, 13, 29])
    return f"{month:02}/{day:02}/{year}"


def _write(
    image: GrayImage, place: Place, text: str, hand: Hand, rng: np.random.Generator
) -> GrayImage:
    box = place.box
    if place.content is Content.TICK:
        ink = tick(box.width_px, hand, rng)
        above, left = (np.array(ink.shape) - (box.height_px, box.width_px)) / 2
        return lay(image, ink, box.x_px - left, box.y_px - above, hand.gray)
    if place.style is WritingStyle.COMB:
        return write_comb(image, place, text, hand, rng)
    size = _SIGNATURE_SIZE if place.content is Content.SIGNATURE else 1.0
    room_px = (1 + hand.stray if hand.stray else 0.96) * box.width_px
    ink = fit(write_line(text, hand, rng, size=size), room_px)
    left_px = box.x_px + 0.02 * box.width_px + (room_px - ink.shape[1]) * rng.uniform(0, 0.35)
    foot_px = box.y_px + box.height_px - (place.below_px or _BOX_FOOT * box.height_px)
    foot_px += rng.normal(0, hand.drift_px)
    return lay(image, ink, left_px, foot_px - baseline_row(ink), hand.gray)
