"""What to do about each failure code, in one line; ``docs/errors.md`` says more."""

from __future__ import annotations

import re
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.query_errors import BadQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "object_missing": "It was moved or removed; put it back and read the batch again.",
        "object_forbidden": "Give this user the right to read it, and read the batch again.",
        "empty_document": "Copy or scan it again.",
        "unsupported_document": "Save it as JPEG, PNG, TIFF or PDF.",
        "damaged_document": "Copy the file again from where it came, or scan it again.",
        "encrypted_document": "Save the PDF without a password.",
        "document_too_large": "Split it or scan at fewer dpi; or raise the limit it names.",
        "document_out_of_memory": "Read it on a larger machine, or with fewer processes.",
        "pages_missing": "Find the sheets that are missing, and scan the whole form again.",
        "labels_unreadable": "Read it again; where it fails again, write a template for the form.",
        "no_name_fields": "No label on it asks for a name; write a template for the form.",
        "document_crashed": "Print it to a new PDF and read that; report the file as a bug.",
        "reading_not_finite": "Read it again on another device; else go back to other weights.",
        "internal_error": "Report the trace in the log; it holds no names.",
        "storage_unavailable": "Run the same command again when the store answers.",
        "storage_full": "Make room and run the same command again.",
        "database_unavailable": "Run the same command again when the database answers.",
        "queue_unavailable": "Start Redis; what was submitted waits meanwhile.",
        "model_unavailable": "Look at the log of the recognize worker, and at its device.",
        "cancelled": "penname retry BATCH --code cancelled takes it back.",
        "no_such_result": "Look the id up with: penname results.",
        "no_corrections": "Check some values first, with: penname correct.",
        "too_few_reviewed": "Check more values, with: penname correct.",
        "unsuitable_base": "Train anew with: penname train RUN.toml; or name another --base.",
        "no_such_model": "Look the id up with: penname model list.",
        "model_refused": "Keep the model in use, or promote with --force.",
        "bad_query": "Mend the search as the message says; docs/howto/query.md has examples.",
        "likeness_unavailable": "Have pg_trgm installed in PostgreSQL, or search without likeness.",
        "person_refused": "Mend the name, role or password as the message says.",
        "no_such_person": "See who there is with: penname user list.",
        "not_logged_in": "Log in again.",
        "wrong_login": "Try again; penname user remove and add set a new password.",
        "too_many_logins": "Wait a quarter of an hour.",
        "not_allowed": "Ask somebody with the role that the message names.",
        "request_too_large": "Send less at once, or raise max_document_mib.",
        "answer_refused": "Say what stands there, or that it is blank or unreadable.",
        "text_refused": "Send the text without characters such as NUL, which no database keeps.",
        "lease_lost": "Somebody else has the field now; go on with the next.",
        "webhook_refused": "Name an http or https address that penname may call.",
        "upload_refused": "Mend the upload as the message says.",
        "template_refused": "Mend the template as the message says.",
        "template_exists": "Give the template another id.",
        "no_template_matches": "Is there a template of this form? Add it with --template.",
        "ambiguous_template": "Two templates look alike; name only one with --template.",
        "rows_alike": "The list's head or foot is hidden or another's; scan the whole sheet.",
        "blank_page": "Nothing is on the page; was it scanned face down?",
        "low_resolution": "Scan it again at 300 dpi.",
        "field_out_of_page": "The scan cuts the form off; scan the whole sheet.",
        "bad_template": "Find its faults with: penname template check DIR.",
        "segmentation_error": "Look at the scan; report it if it is sound.",
        "too_few_pairs": "Too little print is in sight; scan it again, flat and in focus.",
        "no_fit": "The scan is bent or blurred; scan it again, flat and in focus.",
        "too_few_inliers": "The scan is bent or blurred, or is another edition of the form.",
        "implausible_shape": "The scan is stretched or folded; scan the sheet again, flat.",
        "narrow_spread": "Only part of the form is in sight; scan the whole sheet.",
        "structure_disagrees": "It looks like another edition of the form; add its template.",
    }
)
_NEAREST = re.compile(r"nearest form: (\w+):")  # as NoTemplateMatchesError says it


def check_code(code: str | None) -> None:
    """Refuse a failure code that there is not: it would find nothing, and look like good news.

    Raises:
        BadQueryError: no document fails with it; None is any.
    """
    if code is not None and code not in ADVICE:
        near = ", ".join(get_close_matches(code, ADVICE)) or "look into docs/errors.md"
        raise BadQueryError(f"no document fails with {code[:64]}; {near}")


def codes_of(code: str, detail: str) -> tuple[str, ...]:
    """Give the codes that a failure can be advised on: its own, and what the nearest form missed.

    Args:
        code: of the document or page.
        detail: its message.
    """
    nearest = _NEAREST.search(detail)
    every = (code,) if nearest is None else (code, nearest[1])
    return tuple(one for one in every if one in ADVICE)
