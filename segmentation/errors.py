"""Say why a scan or a template cannot be used.

The tree::

    SegmentationError            the scan or the template cannot be used as asked
    ├─ NoTemplateMatchesError    the page is none of the known forms
    ├─ AmbiguousTemplateError    the page fits two forms equally well
    ├─ BlankPageError            the page carries no ink
    ├─ LowResolutionError        too few pixels per inch to read handwriting
    ├─ RegistrationError         the page could not be laid onto its template
    ├─ FieldOutOfPageError       every field falls outside the scanned page
    ├─ NoNameFieldsError         no printed label of the unknown form asks for a name
    └─ TemplateError             the template contradicts itself

Each error has a ``code`` that is stored with the document, so no code is ever renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SegmentationError(Exception):
    """The scan or the template cannot be used as asked; trying again changes nothing."""

    code = "segmentation_error"


class Misfit(StrEnum):
    """Why a page could not be laid onto its template; stored, so never rename a value."""

    TOO_FEW_PAIRS = "too_few_pairs"
    NO_FIT = "no_fit"
    TOO_FEW_INLIERS = "too_few_inliers"
    IMPLAUSIBLE_SHAPE = "implausible_shape"
    NARROW_SPREAD = "narrow_spread"
    STRUCTURE_DISAGREES = "structure_disagrees"
    ROWS_ALIKE = "rows_alike"  # it fits, but which of its equal rows is which cannot be seen


class RegistrationError(SegmentationError):
    """The page could not be laid onto the template; ``reason`` names the missed limit."""

    def __init__(self, reason: Misfit, *, found: float, limit: float) -> None:
        super().__init__(f"{reason}: found {found:.3g}, limit {limit:g}")
        self.reason = reason
        self.code = reason.value
        self.found = found
        self.limit = limit


class NoTemplateMatchesError(SegmentationError):
    """The page is none of the known forms; ``closest`` is the nearest form's misfit."""

    code = "no_template_matches"

    def __init__(self, *, known: int, closest: RegistrationError | None = None) -> None:
        why = f"; nearest form: {closest}" if closest else ""
        super().__init__(f"the page is none of {known} known forms{why}")
        self.known = known
        self.closest = closest


class AmbiguousTemplateError(SegmentationError):
    """The page fits two forms and their differences do not tell which it is."""

    code = "ambiguous_template"

    def __init__(self, *, template_ids: tuple[str, str], margin: float, limit: float) -> None:
        first, second = template_ids
        super().__init__(
            f"the page fits {first!r} and {second!r}: margin {margin:.2f}, limit {limit:g}"
        )
        self.template_ids = template_ids
        self.margin = margin
        self.limit = limit


class BlankPageError(SegmentationError):
    """The page carries no ink, or too little to be a form."""

    code = "blank_page"

    def __init__(self, *, ink_fraction: float, limit: float) -> None:
        super().__init__(f"the page is blank: ink {ink_fraction:.5f}, limit {limit:g}")
        self.ink_fraction = ink_fraction
        self.limit = limit


class LowResolutionError(SegmentationError):
    """Too few pixels for reading handwriting; ``unit`` says pixels of what."""

    code = "low_resolution"

    def __init__(self, *, found: float, limit: float, unit: str) -> None:
        super().__init__(f"too few pixels: {found:.0f} {unit}, limit {limit:g}")
        self.found = found
        self.limit = limit


class FieldOutOfPageError(SegmentationError):
    """Every field of the form falls outside the scanned page."""

    code = "field_out_of_page"

    def __init__(self, *, template_id: str) -> None:
        super().__init__(f"no field of {template_id!r} lies on the scanned page")
        self.template_id = template_id


class NoNameFieldsError(SegmentationError):
    """No printed label of a page asks for a name, or none has a place to write beside it."""

    code = "no_name_fields"

    def __init__(self, *, words: int) -> None:
        super().__init__(f"none of {words} printed words is the label of a place for a name")
        self.words = words


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault of a template, where it stands and how to mend it."""

    line: int  # in template.toml, from 1; 0 where the fault has no line
    message: str
    fix: str


class TemplateError(SegmentationError):
    """The template cannot be used; ``faults`` holds every fault at once."""

    code = "bad_template"

    def __init__(self, faults: tuple[TemplateFault, ...]) -> None:
        super().__init__("\n".join(f"line {f.line}: {f.message}; {f.fix}" for f in faults))
        self.faults = faults
