"""Propose the name fields of an unknown form from its printed labels and the places beside them.

Nothing here reads print: the words come from outside, with their boxes. The stages, in order:
``join_words``, ``read_label``, ``find_spots``, then each place goes to the label that it belongs
to most surely.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.boxes import overlap
from segmentation.layout import MM_PER_INCH, Layout, LayoutParams, erase_lines, find_layout
from segmentation.name_labels import LabelParams, Meaning, kind_of, read_label, slug
from segmentation.phrases import Phrase, PhraseParams, join_words
from segmentation.pyramid import scaling
from segmentation.scene import Scene, Spot, SpotParams, taken_twice
from segmentation.spots import find_spots, find_spots_behind
from segmentation.types import Box, FieldSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.types import FieldKind, GrayImage, Homography, PrintedWord


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestParams:
    """How an unknown form is looked at."""

    work_dpi: float = 200.0  # enough for hairlines and for reading small print
    least_dpi: float = 100.0  # what a file claims below this is a camera's or an editor's guess
    page_inches: tuple[float, float] = (7.0, 18.0)  # long sides that a claim is believed for
    usual_inches: float = 11.35  # long side of a page that claims nothing: between A4 and Letter
    min_person_mm: float = 35.0  # a place for the name of a "Patient:" is no shorter
    beside_mm: float = 70.0  # a bare "Nom" is the family's with a "Prénom" this near
    sure: float = 0.8  # a word read on the page as it is counts before any other
    same_share: float = 0.3  # words that share more of the smaller are one word
    layout: LayoutParams = field(default_factory=LayoutParams)
    phrase: PhraseParams = field(default_factory=PhraseParams)
    label: LabelParams = field(default_factory=LabelParams)
    spot: SpotParams = field(default_factory=SpotParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormPage:
    """A page of an unknown form, ready for somebody to read its print."""

    image: GrayImage = field(repr=False)  # (h, w) at ``dpi``, as it is
    unlined: GrayImage = field(repr=False)  # the same without its lines
    layout: Layout
    dpi: float
    original_dpi: float  # of the page it was made of
    to_original: Homography  # px of ``image`` to those of the page it was made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A field that the form seems to have."""

    spec: FieldSpec  # its label is what is printed
    label_box: Box  # where that is printed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A place that a label asks for."""

    label: Phrase
    meaning: Meaning
    spot: Spot


def look_at_form(image: GrayImage, claimed_dpi: float | None, params: SuggestParams) -> FormPage:
    """Reduce an upright (H, W) page and find its lines and boxes.

    Args:
        image: upright.
        claimed_dpi: what its file says.
        params: how it is looked at.
    """
    dpi = page_dpi(image, claimed_dpi, params)
    ratio = params.work_dpi / dpi
    height, width = image.shape
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
    layout = find_layout(small, params.work_dpi, params.layout)
    return FormPage(
        image=small,
        unlined=erase_lines(small, layout),
        layout=layout,
        dpi=params.work_dpi,
        original_dpi=dpi,
        to_original=scaling(width / size[0], height / size[1]),
    )


def page_dpi(image: GrayImage, claimed: float | None, params: SuggestParams) -> float:
    """Believe a claim that makes a page of it; else take the page for A4 or Letter."""
    long_px = max(image.shape)
    low, high = params.page_inches
    if claimed is not None and claimed >= params.least_dpi and low <= long_px / claimed <= high:
        return claimed
    return float(long_px / params.usual_inches)


def suggest_fields(
    page: FormPage, words: Sequence[PrintedWord], params: SuggestParams
) -> tuple[Proposal, ...]:
    """Propose the name fields of a page.

    Args:
        page: as ``look_at_form`` gave it.
        words: its print; see ``merge_words``.
        params: what counts.

    Returns:
        The proposals in reading order, in pixels of the original page; names are unique.
    """
    scene = Scene(
        phrases=join_words(words, page.layout.cells, params.phrase),
        layout=page.layout,
        shape=page.image.shape,
        mm=page.dpi / MM_PER_INCH,
        params=params.spot,
    )
    claims = _settle([c for phrase in scene.phrases for c in _claims(phrase, scene, params)])
    names: Counter[str] = Counter()
    proposals = []
    for claim in claims:
        label = claim.label.text.strip()
        proposals.append(
            Proposal(
                spec=FieldSpec(
                    name=_unique(slug(label), names),
                    box=_on_original(claim.spot.box, page),
                    kind=_kind(claim, claims, params.beside_mm * scene.mm),
                    style=claim.spot.style,
                    label=label,
                ),
                label_box=_on_original(claim.label.box, page),
            )
        )
    return tuple(proposals)


def merge_words(
    plain: Sequence[PrintedWord], unlined: Sequence[PrintedWord], params: SuggestParams
) -> tuple[PrintedWord, ...]:
    """Join what was read on ``page.image`` and on ``page.unlined``.

    Underlined print is read better as it stands, print beside a written line without the line.
    Where both readings have words, the surer one's count.
    """
    sure = [w for w in plain if w.confidence >= params.sure]
    taken = [w.box for w in sure]
    both = [*unlined, *(w for w in plain if w.confidence < params.sure)]
    kept = list(sure)
    for word in sorted(both, key=lambda w: -w.confidence):
        if all(overlap(word.box, box) < params.same_share for box in taken):
            kept.append(word)
            taken.append(word.box)
    return tuple(kept)


def _claims(phrase: Phrase, scene: Scene, params: SuggestParams) -> list[_Claim]:
    meaning = read_label(phrase.text, params.label)
    if meaning is None:
        return []
    if meaning is Meaning.PERSON:
        least = params.min_person_mm * scene.mm
        spots = [s for s in find_spots_behind(phrase, scene) if s.box.width_px >= least]
    else:
        spots = find_spots(phrase, scene)
    return [_Claim(label=phrase, meaning=meaning, spot=spot) for spot in spots]


def _settle(claims: Sequence[_Claim]) -> list[_Claim]:
    """Give each place to the label that it belongs to most surely; in reading order."""
    kept: list[_Claim] = []
    for claim in sorted(claims, key=_doubt):
        if not taken_twice([k.spot for k in kept], claim.spot):
            kept.append(claim)
    return sorted(kept, key=lambda c: (c.spot.box.y_px + c.spot.box.height_px, c.spot.box.x_px))


def _doubt(claim: _Claim) -> tuple[bool, bool, int]:
    """Order claims: what may be writing that was read as a label comes after print."""
    return claim.meaning is Meaning.PERSON, not claim.label.printed, claim.spot.rank


def _kind(claim: _Claim, claims: Sequence[_Claim], near_px: float) -> FieldKind:
    beside = {
        other.meaning
        for other in claims
        if abs(other.spot.box.y_px - claim.spot.box.y_px) <= near_px
    }
    return kind_of(claim.label.text, claim.meaning, beside)


def _unique(name: str, taken: Counter[str]) -> str:
    taken[name] += 1
    return name if taken[name] == 1 else _unique(f"{name}_{taken[name]}", taken)


def _on_original(box: Box, page: FormPage) -> Box:
    """Give a box in pixels of the original page, which it may not leave: a template's must not."""
    across, down = float(page.to_original[0, 0]), float(page.to_original[1, 1])
    height, width = page.image.shape
    right_most, lowest = round(width * across), round(height * down)
    left = min(max(0, round(box.x_px * across)), right_most - 1)
    top = min(max(0, round(box.y_px * down)), lowest - 1)
    right = min(round((box.x_px + box.width_px) * across), right_most)
    foot = min(round((box.y_px + box.height_px) * down), lowest)
    return Box(x_px=left, y_px=top, width_px=max(1, right - left), height_px=max(1, foot - top))
