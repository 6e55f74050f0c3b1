"""Distort a crop at random, as pens, hands, forms and scanners do.

Every step takes a ``(h, w)`` uint8 crop, 0 ink on 255 paper, and gives a new one. They run in the
order of the world: hand and pen, then the form's print round it, then paper, scanner and file.
What would make ``preprocess`` take print for the writing is left out again: a label must be
readable from the picture. The crop goes through ``preprocess`` afterwards, just as in reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recognition.training import augment_cells as cells
from recognition.training import augment_hand as hand
from recognition.training import augment_print as form
from recognition.training import augment_scan as scan
from recognition.training import augment_struck as struck
from recognition.training.augment_paper import Framed, ink_box
from recognition.training.augment_params import FULL

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage

    FormStep = Callable[[Framed, np.random.Generator, AugmentParams], Framed]


def distort(crop: GrayImage, rng: np.random.Generator, params: AugmentParams = FULL) -> GrayImage:
    """Give a distorted copy of ``crop``; its size may change, its text does not."""
    for often, change in (
        (params.pen, hand.change_pen),
        (params.uneven, hand.press_unevenly),
        (params.geometry, hand.deform),
        (params.tall, hand.raise_capitals),
        (params.cut, hand.cut_ink),
    ):
        if rng.random() < often:
            crop = change(crop, rng, params)
    crop = _print_round(crop, rng, params)
    for often, change in (
        (params.tone, scan.tone),
        (params.specks, scan.drop_specks),
        (params.coarse, scan.coarsen),
        (params.blur, scan.blur),
        (params.jpeg, scan.compress),
        (params.binary, scan.threshold),
        (params.fax, scan.fax),
    ):
        if rng.random() < often:
            crop = change(crop, rng, params)
    return crop


def _print_round(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Add what stands round the writing, as long as the writing is still what is read."""
    steps: tuple[tuple[float, FormStep], ...] = (
        (params.struck, struck.strike_out),
        (params.comb, cells.set_in_cells),
        (params.field, form.set_in_field),
        (params.stamp, form.stamp),
    )
    taken = [step for often, step in steps if rng.random() < often]
    box = ink_box(crop) if taken else None
    if box is None:
        return crop
    framed = Framed(crop=crop, box=box)
    for step in taken:
        framed = step(framed, rng, params)
    return framed.crop if framed.is_found() else crop
