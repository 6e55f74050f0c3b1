"""Tell which pages of a form of several pages a document lacks, in whatever order they come."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation import PageSegmentation


def missing_pages(found: Iterable[PageSegmentation]) -> list[str]:
    """Say for each form which of its pages are fewer than the others.

    A document may hold a form several times over; each time it should be whole.

    Args:
        found: the pages of one document that were laid onto a form.

    Returns:
        A sentence for each form that lacks pages, pages counted from 1.
    """
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    pages: dict[str, tuple[int, ...]] = {}
    for page in found:
        seen[page.template_id][page.page_index] += 1
        pages[page.template_id] = page.form_pages
    return [
        sentence
        for template_id, counts in sorted(seen.items())
        if (sentence := _lacking(template_id, counts, pages[template_id]))
    ]


def _lacking(template_id: str, counts: Counter[int], pages: tuple[int, ...]) -> str:
    most = max(counts.values())
    lacking = [index for index in pages if counts[index] < most]
    if not lacking:
        return ""
    which = ", ".join(str(index + 1) for index in lacking)
    times = "" if most == 1 else f", which is there {most} times"
    return f"form {template_id!r}{times}: of its {len(pages)} pages, page {which} is missing"
