"""Score the whole path, from page to text, on filled forms whose values are known.

The folder holds ``truth.csv`` with ``form,scan,field,text`` (and ``page``, from 1, where files
have several pages) and each scan as ``FORM/SCAN``. Every template is offered for every page, so
a page laid onto another form counts as wrong. A truth of ``UNREADABLE`` counts in no accuracy;
one that is empty, or of spaces alone, is a field that was left blank. Texts are normalised as the
labels of crops are.

All figures are of the ink alone but those under ``prior``: the same crops, names weighed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from recognition.metrics import count_edits, edit_distance, fold
from recognition.reliability import calibration_error, straight_through_shares
from worker.errors import ConfigError, PermanentError
from worker.recognizing import FOR_A_PERSON, read_pages
from worker.segmenting import refused_page, segment_document
from worker.truths import UNREADABLE, check_fields, read_truths
from worker.types import FieldReading, FieldStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from recognition.types import Hint, Reading
    from segmentation import Catalog, GrayImage, SegmentationParams
    from worker.document_images import DecodeLimits
    from worker.recognizing import CropReader
    from worker.truths import Truth
    from worker.types import DocumentReading, SegmentedPage

_MISTAKES = 24  # kinds that are told
_SCANS_AT_ONCE = 32  # enough lines for a full batch; their pages fit in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsReading:
    """How well written fields were read in one way: greedily, or with a prior over names."""

    exact_folded: float | None
    cer: float | None  # folded
    ece: float | None  # as below, of its own confidence
    straight_through: Mapping[str, float] | None  # as below


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsScore:
    """How well fields were read; each share is None where nothing was there to count.

    All is greedy reading but for ``prior``.
    """

    n: int  # written fields
    exact_folded: float | None  # [0, 1], share of them read exactly, folded
    cer: float | None  # all edits over all reference characters, folded
    refused: int  # fields on pages that were refused, or whose file could not be read
    wrong_form: int  # fields on pages taken for another form
    blank: int  # fields left blank
    blank_right: float | None  # [0, 1], share of the blank fields found blank
    unreadable_to_review: float | None  # [0, 1], share of UNREADABLE fields sent to a person
    pages_per_s: float  # page bytes to text, one process, greedy
    ece: float | None  # expected calibration error over written fields, in ten bins
    straight_through: Mapping[str, float] | None  # by target error, as for name crops
    prior: FormsReading


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsReport:
    """Scores over all fields, and by field name."""

    all: FormsScore
    fields: dict[str, FormsScore]
    mistakes: tuple[Mistake, ...]  # of all fields by the ink alone, the commonest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One letter, folded, and what it was read as; empty where there was none, or none was read."""

    label: str
    read: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one field, beside its truth."""

    truth: Truth
    reading: FieldReading | None  # None where its page was refused or taken for another form
    weighed: FieldReading | None  # the same with names
    wrong_form: bool


class _InkAlone:
    """Reads with a recognizer that knows no names, whatever list a template asks for."""

    def __init__(self, recognizer: CropReader) -> None:
        self._recognizer = recognizer
        self.model_id = recognizer.model_id

    def read(
        self, crops: Sequence[GrayImage], hints: Sequence[Hint] | None = None
    ) -> list[Reading]:
        without = None if hints is None else [replace(hint, lexicon=None) for hint in hints]
        return self._recognizer.read(crops, without)


def evaluate_forms(  # noqa: PLR0913, ports of a use case
    folder: Path,
    *,
    catalog: Catalog,
    params: SegmentationParams,
    limits: DecodeLimits,
    recognizer: CropReader,
    weighing: CropReader,
    review_below: float,
) -> FormsReport:
    """Read every scan that ``truth.csv`` names, one process, and score the fields.

    Args:
        folder: holds ``truth.csv`` and the scans.
        catalog: the forms.
        params: how pages are cut.
        limits: what is decoded at most.
        recognizer: knows no names; its lexicons, if any, are not asked.
        weighing: the same network, with the names that the templates ask for.
        review_below: a reading less confident than this, in [0, 1], is for a person.

    Raises:
        ConfigError: there is no ``truth.csv``, it lacks a column, or names a field that its form
            lacks.
    """
    truths = read_truths(folder / "truth.csv")
    check_fields(truths, catalog)
    outcomes: list[_Outcome] = []
    page_count, seconds = 0, 0.0
    ink_alone = _InkAlone(recognizer)
    scans = iter(truths.items())
    while batch := list(islice(scans, _SCANS_AT_ONCE)):
        started = time.perf_counter()
        pages = [
            _segment(folder / form / scan, catalog, params, limits) for (form, scan), _ in batch
        ]
        page_count += sum(map(len, pages))
        readings = read_pages(pages, ink_alone, review_below=review_below)
        seconds += time.perf_counter() - started
        weighed = read_pages(pages, weighing, review_below=review_below)
        for (_, rows), reading, with_names in zip(batch, readings, weighed, strict=True):
            outcomes += _match(rows, reading, with_names)
    pages_per_s = page_count / max(seconds, 1e-9)
    by_field: dict[str, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_field[outcome.truth.field].append(outcome)
    return FormsReport(
        all=_score(outcomes, pages_per_s),
        fields={name: _score(found, pages_per_s) for name, found in sorted(by_field.items())},
        mistakes=_mistakes(outcomes),
    )


def _segment(
    path: Path, catalog: Catalog, params: SegmentationParams, limits: DecodeLimits
) -> tuple[SegmentedPage, ...]:
    """Cut one scan; a file that cannot be read is one page that was refused."""
    try:
        return segment_document(path.read_bytes(), catalog, params, limits)
    except OSError as error:
        raise ConfigError(f"truth.csv names {path}, which cannot be read: {error}") from error
    except PermanentError as error:
        return (refused_page(0, error.code, str(error)),)


def _match(
    rows: Iterable[Truth], document: DocumentReading, weighed: DocumentReading
) -> Iterator[_Outcome]:
    """Set each truth beside what was read at its place, the ink alone and with names."""
    pages = {page.page_index: page for page in document.pages}
    for truth in rows:
        page = pages.get(truth.page_index)
        cut = page.segmentation if page is not None else None
        wrong_form = cut is not None and cut.template_id != truth.form
        yield _Outcome(
            truth=truth,
            reading=None if wrong_form else _reading_at(truth, document),
            weighed=None if wrong_form else _reading_at(truth, weighed),
            wrong_form=wrong_form,
        )


def _reading_at(truth: Truth, document: DocumentReading) -> FieldReading | None:
    """Find what was read in a field; None where its page was refused."""
    fields = (f for p in document.pages if p.page_index == truth.page_index for f in p.fields)
    return next((field for field in fields if field.crop.field_name == truth.field), None)


def _score(outcomes: list[_Outcome], pages_per_s: float) -> FormsScore:
    greedy = _accuracy(outcomes, _by_ink)
    blank = [o for o in outcomes if not o.truth.text]
    unreadable = [o for o in outcomes if o.truth.text == UNREADABLE]
    prior = _accuracy(outcomes, _by_names)
    return FormsScore(
        n=len(_written(outcomes)),
        exact_folded=greedy.exact_folded,
        cer=greedy.cer,
        refused=sum(o.reading is None and not o.wrong_form for o in outcomes),
        wrong_form=sum(o.wrong_form for o in outcomes),
        blank=len(blank),
        blank_right=_share(sum(_is_blank(o) for o in blank), len(blank)),
        unreadable_to_review=_share(sum(_is_for_review(o) for o in unreadable), len(unreadable)),
        pages_per_s=round(pages_per_s, 2),
        ece=greedy.ece,
        straight_through=greedy.straight_through,
        prior=prior,
    )


def _by_ink(outcome: _Outcome) -> FieldReading | None:
    return outcome.reading


def _by_names(outcome: _Outcome) -> FieldReading | None:
    return outcome.weighed


def _accuracy(
    outcomes: list[_Outcome], way: Callable[[_Outcome], FieldReading | None]
) -> FormsReading:
    """Say how the written fields were read, and how far their confidence can be believed.

    A page that gave no reading counts as an empty text, and goes to a person like a doubtful one.
    """
    read = [(o.truth.text, way(o)) for o in _written(outcomes)]
    pairs = _folded(read)
    edits = sum(edit_distance(truth, text) for truth, text in pairs)
    right = [truth == text for truth, text in pairs]
    confidences = [0.0 if found is None else found.confidence for _, found in read]
    return FormsReading(
        exact_folded=_share(sum(right), len(right)),
        cer=_share(edits, sum(len(truth) for truth, _ in pairs)),
        ece=round(calibration_error(confidences, right), 4) if right else None,
        straight_through=straight_through_shares(confidences, right) if right else None,
    )


def _mistakes(outcomes: list[_Outcome]) -> tuple[Mistake, ...]:
    """Count which letters were read as which, where something was read."""
    read = [(o.truth.text, o.reading) for o in _written(outcomes) if o.reading is not None]
    counts = count_edits(_folded(read)).most_common(_MISTAKES)
    return tuple(Mistake(label=label, read=got, times=times) for (label, got), times in counts)


def _folded(read: Iterable[tuple[str, FieldReading | None]]) -> list[tuple[str, str]]:
    return [(fold(truth), fold("" if found is None else found.text)) for truth, found in read]


def _written(outcomes: list[_Outcome]) -> list[_Outcome]:
    return [o for o in outcomes if o.truth.text not in {"", UNREADABLE}]


def _is_blank(outcome: _Outcome) -> bool:
    return outcome.reading is not None and outcome.reading.status is FieldStatus.BLANK


def _is_for_review(outcome: _Outcome) -> bool:
    return outcome.reading is None or outcome.reading.status in FOR_A_PERSON


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
