"""Read lists of names from Faker's locales; each is drawn once with a fixed seed.

Faker (https://faker.readthedocs.io) comes with the extra ``train``. Its lists change with its
version, so ``constraints.txt`` belongs to what makes a training run repeatable.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from recognition.errors import TrainingConfigError

_SEED = 1
_DRAWS = 4000  # a locale: enough to meet all but its rarest names


@dataclass(frozen=True, slots=True, kw_only=True)
class LocaleNames:
    """First names and surnames of one locale, each with how often it was drawn."""

    first: dict[str, int]
    last: dict[str, int]


def locale_faults(locales: tuple[str, ...]) -> list[str]:
    """List why names of these locales cannot be had: Faker is missing, or a locale is."""
    if not locales:
        return []
    if importlib.util.find_spec("faker") is None:
        return ["drawn.faker: Faker is not installed; pip install 'penname[train]'"]
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - an optional extra

    return [
        f"drawn.faker: Faker has no locale {locale!r}"
        for locale in locales
        if locale not in AVAILABLE_LOCALES
    ]


@lru_cache(maxsize=64)
def locale_names(locale: str) -> LocaleNames:
    """Draw the names of a locale.

    Raises:
        TrainingConfigError: Faker is not installed or has no such locale.
    """
    faults = locale_faults((locale,))
    if faults:
        raise TrainingConfigError(faults)
    from faker import Faker  # noqa: PLC0415 - an optional extra

    source = Faker(locale)
    source.seed_instance(_SEED)
    return LocaleNames(
        first=Counter(source.first_name() for _ in range(_DRAWS)),
        last=Counter(source.last_name() for _ in range(_DRAWS)),
    )
