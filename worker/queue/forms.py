"""The forms that a segment worker can cut: those of its template folder, set by set.

A document names the set of templates that it was submitted with. A worker cuts it with exactly
that set, or leaves it to a worker that holds all of it.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from segmentation import index_templates
from worker.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from segmentation import Catalog, SegmentationParams, Template
    from worker.database.submissions import Offer

_log = logging.getLogger(__name__)

_CATALOGS_KEPT = 4  # each holds the features of its blanks, tens of MiB
_LOOK_AGAIN_S = 30.0  # for templates that were not there; reading them takes seconds


def template_key(template: Template) -> str:
    """Name one template in one version, as ``Offer.templates`` does."""
    return f"{template.template_id}/{template.page_index}:{template.version}"


class Forms:
    """The templates that a worker holds, and prepared catalogs of them."""

    def __init__(
        self,
        load: Callable[[], Sequence[Template]],
        params: SegmentationParams,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how to load the templates, which is done when they are first asked for."""
        self._load = load
        self._params = params
        self._clock = clock
        self._templates: dict[str, Template] = {}
        self._sets: dict[str, tuple[str, ...]] = {}  # templates_version to template keys
        self._catalogs: OrderedDict[str, Catalog] = OrderedDict()
        self._look_again = float("-inf")
        self.keys: list[str] = []  # of the templates that are held

    def served(self, offers: Iterable[Offer]) -> Collection[str]:
        """Give the ``templates_version`` of each offer that can be cut here.

        Templates that are missing are looked for again now and then: a folder may be filled
        while its workers run.
        """
        self._sets.update((offer.identity.templates_version, offer.templates) for offer in offers)
        held = self._held_sets()
        if len(held) < len(self._sets) and self._clock() >= self._look_again:
            self._look_again = self._clock() + _LOOK_AGAIN_S
            self._read()
            held = self._held_sets()
        return held

    def catalog(self, templates_version: str) -> Catalog:
        """Give the catalog of a set that is served, prepared once."""
        known = self._catalogs.pop(templates_version, None)
        if known is None:
            templates = [self._templates[key] for key in self._sets[templates_version]]
            known = index_templates(templates, self._params)
        self._catalogs[templates_version] = known
        while len(self._catalogs) > _CATALOGS_KEPT:
            self._catalogs.popitem(last=False)
        return known

    def _held_sets(self) -> list[str]:
        return [
            version for version, keys in self._sets.items() if self._templates.keys() >= {*keys}
        ]

    def _read(self) -> None:
        try:
            self._templates |= {template_key(found): found for found in self._load()}
            self.keys[:] = sorted(self._templates)
        except ConfigError as error:
            _log.error("templates_not_read", extra={"detail": str(error)})
