"""Score the whole path, from page to text, on filled forms whose values are known.

The folder holds ``truth.csv`` with ``form,scan,field,text`` (and ``page``, from 1, where files
have several pages) and each scan as ``FORM/SCAN``. Every template is offered for every page, so
a page laid onto another form counts as wrong. A truth of ``UNREADABLE`` counts in no accuracy;
an empty one is a field that was left blank.
"""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from recognition.metrics import edit_distance, fold
from recognition.reliability import calibration_error, straight_through_shares
from worker.errors import ConfigError, PermanentError
from worker.recognizing import FOR_A_PERSON, read_pages
from worker.segmenting import refused_page, segment_document
from worker.types import FieldReading, FieldStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from segmentation import Catalog, SegmentationParams
    from worker.document_images import DecodeLimits
    from worker.recognizing import CropReader
    from worker.types import DocumentReading, SegmentedPage

UNREADABLE = "UNREADABLE"  # in the truth: struck out, or nobody is sure
_COLUMNS = ("form", "scan", "field", "text")
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

    All is greedy reading but for ``prior``, which is None where no prior was given.
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
    prior: FormsReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsReport:
    """Scores over all fields, and by field name."""

    all: FormsScore
    fields: dict[str, FormsScore]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Truth:
    """One row of ``truth.csv``."""

    form: str
    scan: str
    page_index: int  # from 0
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one field, beside its truth."""

    truth: _Truth
    reading: FieldReading | None  # None where its page was refused or taken for another form
    wrong_form: bool

    @property
    def text(self) -> str:
        """The reading's text; a page that gave none counts as empty."""
        return "" if self.reading is None else self.reading.text

    @property
    def confidence(self) -> float:
        """The reading's confidence; a page that gave none goes to a person like a doubtful one."""
        return 0.0 if self.reading is None else self.reading.confidence


def evaluate_forms(  # noqa: PLR0913, ports of a use case
    folder: Path,
    *,
    catalog: Catalog,
    params: SegmentationParams,
    limits: DecodeLimits,
    recognizer: CropReader,
    review_below: float,
    weighed: CropReader | None = None,
) -> FormsReport:
    """Read every scan that ``truth.csv`` names, one process, and score the fields.

    Args:
        folder: holds ``truth.csv`` and the scans.
        catalog: the forms that every page is offered.
        params: of segmentation.
        limits: of decoding.
        recognizer: reads greedily.
        review_below: confidence in [0, 1]; a reading below it is for a person.
        weighed: reads the same crops once more, with a prior over names.

    Raises:
        ConfigError: there is no ``truth.csv``, or it lacks a column.
    """
    truths = _read_truth(folder / "truth.csv")
    outcomes: list[_Outcome] = []
    with_prior: list[_Outcome] = []
    page_count = 0
    seconds = 0.0
    scans = iter(truths.items())
    while batch := list(islice(scans, _SCANS_AT_ONCE)):
        started = time.perf_counter()
        pages = [
            _segment(folder / form / scan, catalog, params, limits) for (form, scan), _ in batch
        ]
        page_count += sum(map(len, pages))
        readings = read_pages(pages, recognizer, review_below=review_below)
        seconds += time.perf_counter() - started
        outcomes += _match_all(batch, readings)
        if weighed is not None:
            again = read_pages(pages, weighed, review_below=review_below)
            with_prior += _match_all(batch, again)
    pages_per_s = page_count / max(seconds, 1e-9)
    names = sorted({outcome.truth.field for outcome in outcomes})
    return FormsReport(
        all=_score(outcomes, with_prior, pages_per_s),
        fields={
            name: _score(_of(name, outcomes), _of(name, with_prior), pages_per_s) for name in names
        },
    )


def _read_truth(path: Path) -> dict[tuple[str, str], list[_Truth]]:
    """Group the rows of ``truth.csv`` by form and scan."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if not rows:
        raise ConfigError(f"{path} holds no rows")
    grouped: dict[tuple[str, str], list[_Truth]] = defaultdict(list)
    for number, row in enumerate(rows, start=2):  # the header is line 1
        if missing := [name for name in _COLUMNS if row.get(name) is None]:
            raise ConfigError(f"{path}, row {number}: lacks the columns {', '.join(missing)}")
        page = row.get("page") or "1"
        if not page.isdecimal() or page == "0":
            raise ConfigError(f"{path}, row {number}: page must be a number from 1")
        truth = _Truth(
            form=row["form"],
            scan=row["scan"],
            page_index=int(page) - 1,
            field=row["field"],
            text=row["text"],
        )
        grouped[truth.form, truth.scan].append(truth)
    return grouped


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


def _match_all(
    batch: Iterable[tuple[object, Iterable[_Truth]]], readings: Iterable[DocumentReading]
) -> list[_Outcome]:
    return [
        outcome
        for (_, rows), reading in zip(batch, readings, strict=True)
        for outcome in _match(rows, reading)
    ]


def _of(field: str, outcomes: list[_Outcome]) -> list[_Outcome]:
    return [outcome for outcome in outcomes if outcome.truth.field == field]


def _match(rows: Iterable[_Truth], document: DocumentReading) -> Iterator[_Outcome]:
    """Set each truth beside what was read at its place."""
    pages = {page.page_index: page for page in document.pages}
    for truth in rows:
        page = pages.get(truth.page_index)
        cut = page.segmentation if page is not None else None
        wrong_form = cut is not None and cut.template_id != truth.form
        reading = None
        if page is not None and not wrong_form:
            reading = next((f for f in page.fields if f.crop.field_name == truth.field), None)
        yield _Outcome(truth=truth, reading=reading, wrong_form=wrong_form)


def _score(outcomes: list[_Outcome], with_prior: list[_Outcome], pages_per_s: float) -> FormsScore:
    greedy = _accuracy(outcomes)
    blank = [o for o in outcomes if not o.truth.text]
    unreadable = [o for o in outcomes if o.truth.text == UNREADABLE]
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
        prior=_accuracy(with_prior) if with_prior else None,
    )


def _accuracy(outcomes: list[_Outcome]) -> FormsReading:
    """Say how the written fields were read, and how far their confidence can be believed."""
    written = _written(outcomes)
    pairs = [(fold(o.truth.text), fold(o.text)) for o in written]
    edits = sum(edit_distance(truth, text) for truth, text in pairs)
    right = [truth == text for truth, text in pairs]
    confidences = [o.confidence for o in written]
    return FormsReading(
        exact_folded=_share(sum(right), len(right)),
        cer=_share(edits, sum(len(truth) for truth, _ in pairs)),
        ece=round(calibration_error(confidences, right), 4) if right else None,
        straight_through=straight_through_shares(confidences, right) if right else None,
    )


def _written(outcomes: list[_Outcome]) -> list[_Outcome]:
    return [o for o in outcomes if o.truth.text not in {"", UNREADABLE}]


def _is_blank(outcome: _Outcome) -> bool:
    return outcome.reading is not None and outcome.reading.status is FieldStatus.BLANK


def _is_for_review(outcome: _Outcome) -> bool:
    return outcome.reading is None or outcome.reading.status in FOR_A_PERSON


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
