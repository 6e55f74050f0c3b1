"""Read forms that have no template: find their name fields by the labels printed beside them.

The print is read by ``print_reader``; what it says about fields is ``segmentation``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation import (
    UnknownParams,
    cut_unknown,
    look_at_form,
    merge_words,
    set_upright,
    suggest_fields,
    turn_over,
)

if TYPE_CHECKING:
    from segmentation import (
        FormPage,
        Page,
        PageSegmentation,
        PrintedWord,
        Proposal,
        Upright,
    )
    from worker.print_reader import PrintReader

_SURE = 0.8  # confidence of a word that was read the right way up
_LEAST_LETTERS = 3
_ENOUGH_WORDS = 6  # read surely,
_ENOUGH_SHARE = 0.5  # and this share of all words: the page is not upside down


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownForms:
    """All that reading forms without a template needs; can be pickled."""

    reader: PrintReader
    params: UnknownParams = field(default_factory=UnknownParams)

    @property
    def identity(self) -> str:
        """Say what decides which fields are found, besides the page."""
        return f"labels 1, {self.reader.identity}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadForm:
    """A page of an unknown form, its print read and its fields proposed."""

    upright: Upright
    page: FormPage
    words: tuple[PrintedWord, ...] = field(repr=False)
    proposals: tuple[Proposal, ...]


def read_form(page: Page, forms: UnknownForms) -> ReadForm:
    """Set a page upright, read its print, and propose its name fields.

    Raises:
        LabelsUnreadableError: its print could not be read.
    """
    upright = set_upright(page.image, forms.params.upright)
    read = _read(upright, page, forms)
    if _sure_words(read) >= max(_ENOUGH_WORDS, _ENOUGH_SHARE * len(read.words)):
        return read
    over = _read(turn_over(upright), page, forms)
    return max(read, over, key=_sure_words)


def segment_unknown(page: Page, forms: UnknownForms) -> PageSegmentation:
    """Cut the fields that a page's printed labels ask for.

    Raises:
        NoNameFieldsError: no label asks for a name.
        LabelsUnreadableError: its print could not be read.
    """
    read = read_form(page, forms)
    return cut_read_form(read, forms)


def cut_read_form(read: ReadForm, forms: UnknownForms) -> PageSegmentation:
    """Cut the proposed fields of a page that was read.

    Raises:
        NoNameFieldsError: none was proposed.
    """
    return cut_unknown(read.upright, read.page, read.words, read.proposals, forms.params)


def _read(upright: Upright, page: Page, forms: UnknownForms) -> ReadForm:
    params = forms.params.suggest
    seen = look_at_form(upright.image, page.dpi, params)
    plain = forms.reader.read(seen.image, seen.dpi)
    words = merge_words(plain, forms.reader.read(seen.unlined, seen.dpi), params)
    return ReadForm(
        upright=upright, page=seen, words=words, proposals=suggest_fields(seen, words, params)
    )


def _sure_words(read: ReadForm) -> int:
    return sum(
        w.confidence >= _SURE and sum(c.isalpha() for c in w.text) >= _LEAST_LETTERS
        for w in read.words
    )
