"""Settings of a training run, read from TOML; every fault is reported at once."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclass annotations are read when it runs
from typing import TYPE_CHECKING, Any, TypeVar

from recognition.errors import TrainingConfigError
from recognition.training.faker_names import locale_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")
_PLAIN: dict[str, type] = {
    "int": int,
    "int | None": int,
    "str": str,
    "bool": bool,
    "dict[str, Any]": dict,
    **dict.fromkeys(
        ("Path", "Path | None", "tuple[Path, ...]", "tuple[str, ...]", "float", "float | None"),
        type(None),
    ),  # never as they come
}
_FONT_FILES = ("*.ttf", "*.otf")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One folder of labelled crops to learn from."""

    folder: Path
    split: str
    share: float  # of the lines drawn in training, against the other sources
    case: str = "written"  # "written": labels follow the ink; "open": they say letters only
    form: bool = False  # crops come with their form's surroundings, so few are added
    join: float = 0.0  # share of lines put together from two crops of one writer
    words: Path | None = None  # where words stand in the lines, as ``training.align`` writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnConfig:
    """Names drawn in fonts."""

    fonts: tuple[Path, ...]  # files, or folders of TTF and OTF files
    names: tuple[Path, ...]  # lists of names
    share: float
    faker: tuple[str, ...] = ()  # locales whose names are drawn too, such as "en_US"

    def font_files(self) -> list[Path]:
        """List the font files, in a fixed order."""
        files: list[Path] = []
        for path in self.fonts:
            found = [path] if path.is_file() else [f for p in _FONT_FILES for f in path.glob(p)]
            files.extend(sorted(found))
        return files


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConfig:
    """One folder of labelled crops to measure on."""

    name: str
    folder: Path
    split: str
    holdout: bool = False  # only the writers that training leaves out
    limit: int | None = None  # first so many only


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """A whole run."""

    out: Path  # folder for weights, log and record
    steps: int  # batches; the learning rate ends at 0 here, or where the time is up
    sources: tuple[SourceConfig, ...]
    validations: tuple[ValidationConfig, ...] = ()
    drawn: DrawnConfig | None = None
    start: Path | None = None  # a checkpoint whose weights the run begins with
    budget_s: float | None = None  # seconds of training at most, over all restarts
    seed: int = 1
    threads: int = 2
    distortion: float = 1.0  # how often distortions are taken, against their usual shares
    batch_lines: int = 64
    batch_width_px: int = 64 * 256  # lines times widest line of a batch, at most
    max_width_px: int = 448  # wider lines are left out of training
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.05  # of the steps
    cosine: bool = True  # the learning rate falls as half a cosine; else it stays up to the end
    label_smoothing: float = 0.0  # share of the loss that asks for some doubt in every frame
    ema_decay: float = 0.998
    clip_norm: float = 5.0
    doubt_loss: float = 3.0  # a line with more loss a character than this teaches nothing ...
    # ... where half of its batch has less than a third of it: its label is likely wrong
    save_every: int = 200  # steps
    evaluate_every: int = 1000  # steps
    model: dict[str, Any] = dataclasses.field(default_factory=dict)  # ModelConfig, less alphabet


def load_config(path: Path) -> TrainingConfig:
    """Read a TOML file; relative paths start at the file's folder.

    Raises:
        TrainingConfigError: the file is missing or holds faults; all of them are listed.
    """
    return read_config(read_toml(path), root=path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as it stands.

    Raises:
        TrainingConfigError: the file is missing or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingConfigError([f"{path}: {error}"]) from error


def read_config(settings: Mapping[str, Any], *, root: Path) -> TrainingConfig:
    """Check a run's settings, named as in its TOML; relative paths start at ``root``.

    Raises:
        TrainingConfigError: they hold faults; all of them are listed.
    """
    data = dict(settings)
    faults: list[str] = []
    reader = _Reader(root=root, faults=faults)
    drawn = data.pop("drawn", None)
    data["sources"] = reader.tables(SourceConfig, data.pop("source", []), "source")
    data["validations"] = reader.tables(ValidationConfig, data.pop("validation", []), "validation")
    if drawn is not None:
        data["drawn"] = next(iter(reader.tables(DrawnConfig, [drawn], "drawn")), None)
    config = reader.table(TrainingConfig, data, "")
    if config is not None:
        faults.extend(_contradictions(config))
    if faults or config is None:
        raise TrainingConfigError(faults)
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Builds settings from tables and notes what is wrong."""

    root: Path  # relative paths start here
    faults: list[str]

    def tables(self, kind: type[_T], tables: object, name: str) -> tuple[_T, ...]:
        """Build one dataclass from each table of an array."""
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            self.faults.append(f"{name}: want a table")
            return ()
        made = [self.table(kind, t, f"{name}[{i}].") for i, t in enumerate(tables)]
        return tuple(item for item in made if item is not None)

    def table(self, kind: type[_T], table: Mapping[str, object], where: str) -> _T | None:
        """Build one dataclass, or note what is wrong and give None."""
        fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type] # one of the four above
        before = len(self.faults)
        self.faults.extend(
            f"{where}{name}: no such setting" for name in table if name not in fields
        )
        values: dict[str, object] = {}
        for name, field in fields.items():
            if name in table:
                try:
                    values[name] = self.value(str(field.type), table[name])
                except TypeError as error:
                    self.faults.append(f"{where}{name}: {error}")
            elif field.default is field.default_factory is dataclasses.MISSING:
                self.faults.append(f"{where}{name}: missing")
        return kind(**values) if len(self.faults) == before else None

    def value(self, kind: str, value: object) -> object:
        """Check one value against its annotation; paths are made absolute."""
        if kind in {"Path", "Path | None"} and isinstance(value, str):
            return self.root / value
        if kind == "tuple[Path, ...]" and isinstance(value, list):
            return tuple(self.root / str(item) for item in value)
        if (
            kind == "tuple[str, ...]"
            and isinstance(value, list)
            and all(isinstance(item, str) for item in value)
        ):
            return tuple(value)
        if (
            kind.startswith("float")
            and isinstance(value, int | float)
            and not isinstance(value, bool)
        ):
            return float(value)
        plain = _PLAIN.get(kind, object)
        if isinstance(value, plain) and (plain is not int or not isinstance(value, bool)):
            return value
        raise TypeError(f"want {kind}, got {value!r}")


def _contradictions(config: TrainingConfig) -> list[str]:
    """List what each setting alone cannot show."""
    faults: list[str] = []
    positive = ("steps", "threads", "batch_lines", "max_width_px", "learning_rate", "clip_norm",
                "save_every", "evaluate_every", "doubt_loss")  # fmt: skip
    faults.extend(f"{name}: want more than 0" for name in positive if getattr(config, name) <= 0)
    shares = ("warmup_share", "ema_decay", "distortion", "label_smoothing")
    faults.extend(f"{name}: want 0 to 1" for name in shares if not 0 <= getattr(config, name) <= 1)
    faults.extend(
        f"source.case: want 'written' or 'open', got {source.case!r}"
        for source in config.sources
        if source.case not in {"written", "open"}
    )
    faults.extend(_of_shares(config))
    faults.extend(_measured_on_what_is_learned(config))
    if not config.sources and config.drawn is None:
        faults.append("source: nothing to learn from")
    if config.drawn is not None and not config.drawn.font_files():
        faults.append("drawn.fonts: no TTF or OTF file there")
    if config.drawn is not None:
        faults.extend(locale_faults(config.drawn.faker))
    return faults


def _of_shares(config: TrainingConfig) -> list[str]:
    """Find shares by which no source can be drawn."""
    shares = [(f"source[{i}].share", source.share) for i, source in enumerate(config.sources)]
    if config.drawn is not None:
        shares.append(("drawn.share", config.drawn.share))
    faults = [
        f"{name}: want 0 or more, got {share:g}"
        for name, share in shares
        if not 0 <= share < math.inf
    ]
    if shares and not faults and not any(share for _, share in shares):
        faults.append("share: want more than 0 in one source at least; nothing would be drawn")
    return faults


def _measured_on_what_is_learned(config: TrainingConfig) -> list[str]:
    """Find validation sets that the run learns from; their figures would be too good.

    A ``holdout`` that no writer is there for is found too, if the list lies there already.
    """
    learned = {(source.folder.resolve(), source.split) for source in config.sources}
    faults = [
        f"validation {v.name!r}: the run learns from {v.folder.name}/{v.split}; set `holdout` for "
        "the writers that training leaves out, or name another split"
        for v in config.validations
        if not v.holdout and (v.folder.resolve(), v.split) in learned
    ]
    faults.extend(
        f"validation {v.name!r}: {v.folder.name}/{v.split}.csv names no writers, so that `holdout` "
        "leaves nothing to measure on"
        for v in config.validations
        if v.holdout and (v.folder / f"{v.split}.csv").is_file() and not _names_writers(v)
    )
    return faults


def _names_writers(validation: ValidationConfig) -> bool:
    table = validation.folder / f"{validation.split}.csv"
    with table.open(encoding="utf-8-sig", errors="replace") as file:
        return "WRITER" in file.readline()
