"""The networks that a recognize worker can read with: those that it finds, one loaded at a time.

Documents name the model and the decoder that they were submitted for. A worker reads them with
exactly those, or leaves them to a worker that has them: after a model was promoted, what was
submitted before is still read as it was meant to be.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING

import numpy as np

from worker.errors import ModelUnavailableError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from worker.database.submissions import Offer
    from worker.recognizing import CropReader
    from worker.thresholds import Thresholds
    from worker.types import ReadWith

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 30.0  # for names that were not there; digesting them takes seconds
_TEST_CROP_PX = (40, 200)  # height and width


def check(reader: CropReader) -> None:
    """Read an empty line: where that fails, the device does, and no document is at fault.

    Raises:
        ModelUnavailableError: it does.
    """
    try:
        reader.read([np.full(_TEST_CROP_PX, 255, np.uint8)])
    except Exception as error:  # whatever a driver says
        raise ModelUnavailableError(f"the network cannot read on its device: {error}") from error


class Readers:
    """What can be read with here."""

    def __init__(
        self,
        decoder_version: Callable[[Offer], str],
        load: Callable[[Offer], CropReader],
        *,
        models: Callable[[], Iterable[str]],
        thresholds: Thresholds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how to find and load networks; none is loaded before it is asked for.

        Args:
            decoder_version: digests the names that an offer weighs, as they are here.
            load: loads the network and the names of an offer that is served.
            models: ids of the weights that are here.
            thresholds: readings that they were not picked for are not made here.
            clock: counts seconds.
        """
        self._decoder_version = decoder_version
        self._load = load
        self._models = models
        self._thresholds = thresholds
        self._clock = clock
        self._decoders: dict[ReadWith, bool] = {}
        self._look_again: dict[ReadWith, float] = {}  # by the clock, where the names are others
        self._offers: dict[ReadWith, Offer] = {}
        self._loaded: tuple[ReadWith, CropReader] | None = None

    def served(self, offers: Iterable[Offer]) -> list[ReadWith]:
        """Say which of the offers can be read with here."""
        self._offers.update((offer.identity.read_with, offer) for offer in offers)
        models = set(self._models())
        return [
            read_with
            for read_with in self._offers
            if read_with.model_id in models
            and self._thresholds.fit(read_with)
            and self._decodes(read_with)
        ]

    def reader(self, read_with: ReadWith) -> CropReader:
        """Give the network of what is served, loaded once for as long as it is asked for.

        Raises:
            ModelUnavailableError: it cannot be loaded, or does not work on its device.
        """
        if self._loaded is None or self._loaded[0] != read_with:
            self._loaded = None  # let go of the memory first
            try:
                reader = self._load(self._offers[read_with])
            except Exception as error:  # whatever a driver says: no document is at fault
                self._decoders.pop(read_with, None)  # the names may have changed
                raise ModelUnavailableError(f"the network cannot be loaded: {error}") from error
            check(reader)
            self._loaded = (read_with, reader)
        return self._loaded[1]

    def _decodes(self, read_with: ReadWith) -> bool:
        """Tell whether the names here are those that were meant.

        They are read once, and now and then where they are not: somebody may bring them.
        """
        if self._clock() >= self._look_again.get(read_with, math.inf):
            self._decoders.pop(read_with, None)
            del self._look_again[read_with]
        if read_with not in self._decoders:
            try:
                here = self._decoder_version(self._offers[read_with])
            except WorkerError as error:
                _log.error("names_not_read", extra={"detail": str(error)})
                here = ""
            self._decoders[read_with] = here == read_with.decoder_version
            if not self._decoders[read_with]:
                self._look_again[read_with] = self._clock() + _LOOK_AGAIN_S
        return self._decoders[read_with]
