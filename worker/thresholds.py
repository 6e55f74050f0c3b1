"""How sure a reading must be to need no person, field by field, in a TOML file.

``penname route`` writes the file and ``penname read --thresholds`` obeys it. Confidences of
two models do not compare, nor do those with names weighed and without; so the file names the
model and the decoder whose readings it was made from.
"""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from worker.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from worker.types import ReadWith

REVIEW_ALL = math.inf  # a threshold that no confidence reaches
_REVIEW_ALL_WORD = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The least confidence, in [0, 1] or ``REVIEW_ALL``, by template id and field name."""

    model_id: str | None = None  # None is any model
    decoder_version: str | None = None  # None is any decoder
    fields: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def fit(self, used: ReadWith) -> bool:
        """Say whether these thresholds were made for what is used, or for anything."""
        return self.model_id in {None, used.model_id} and self.decoder_version in {
            None,
            used.decoder_version,
        }

    def least(self, template_id: str, field_name: str, *, default: float) -> float:
        """Give the least confidence that needs no person; the default for unnamed fields."""
        return self.fields.get((template_id, field_name), default)


NO_THRESHOLDS = Thresholds()


def format_thresholds(thresholds: Thresholds, *, remark: str) -> str:
    """Write thresholds as TOML, with a remark of one line at the head."""
    made_for = {"model": thresholds.model_id, "decoder": thresholds.decoder_version}
    lines = [f"# {remark}"]
    lines += [
        f"{key} = {json.dumps(value)}" for key, value in made_for.items() if value is not None
    ]
    template = None
    for (template_id, name), least in sorted(thresholds.fields.items()):
        if template_id != template:
            lines += ["", f"[fields.{json.dumps(template_id)}]"]
            template = template_id
        value = json.dumps(_REVIEW_ALL_WORD) if least == REVIEW_ALL else repr(float(least))
        lines.append(f"{json.dumps(name)} = {value}")
    return "\n".join(lines) + "\n"


def read_thresholds(path: Path) -> Thresholds:
    """Read thresholds that ``format_thresholds`` or a person wrote.

    Raises:
        ConfigError: the file cannot be read or holds what is no threshold.
    """
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError among them
        raise ConfigError(f"thresholds {path} cannot be read: {error}") from error
    if unknown := sorted(set(stored) - {"model", "decoder", "fields"}):
        raise ConfigError(f"thresholds {path}: unknown keys: {', '.join(unknown)}")
    for key in ("model", "decoder"):
        if not isinstance(stored.get(key, ""), str):
            raise ConfigError(f"thresholds {path}: {key} must be a text")
    return Thresholds(
        model_id=stored.get("model"),
        decoder_version=stored.get("decoder"),
        fields=dict(_thresholds(path, stored.get("fields", {}))),
    )


def _thresholds(path: Path, stored: Any) -> Iterator[tuple[tuple[str, str], float]]:  # noqa: ANN401, TOML values
    if not isinstance(stored, dict):
        raise ConfigError(f"thresholds {path}: fields must be a table")
    for template_id, names in stored.items():
        if not isinstance(names, dict):
            raise ConfigError(f"thresholds {path}: fields.{template_id} must be a table")
        for name, value in names.items():
            yield (template_id, name), _threshold(value, f"{path}: {template_id}.{name}")


def _threshold(value: Any, place: str) -> float:  # noqa: ANN401, a TOML value
    if value == _REVIEW_ALL_WORD:
        return REVIEW_ALL
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigError(f'thresholds {place} must be a number from 0 to 1, or "review"')
    return float(value)
