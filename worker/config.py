"""Settings of a run, read once from the environment and ``penname.toml``.

``PENNAME_DATABASE_URL`` sets ``database_url``; the environment wins over the file, and a
command's own options over both. S3 credentials are left to boto3's own chain.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from worker.errors import ConfigError

_PREFIX = "PENNAME_"


class Settings(BaseSettings):
    """Every knob of penname."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        toml_file="penname.toml",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # pydantic would print every value, passwords too
    )

    database_url: SecretStr = SecretStr("sqlite:///penname.db")
    store: str = "penname-store"  # a folder, or s3://bucket/prefix
    s3_endpoint_url: str | None = None  # for S3 look-alikes; None is AWS
    s3_checksums: Literal["when_required", "when_supported"] = "when_required"
    template_dir: Path = Path("templates")
    checkpoint: Path | None = None  # None is the model promoted in model_dir, else the release
    model_dir: Path = Path("models")
    name_prior: bool = True  # weigh how likely a text is as a name; "on" and "off" do as well
    lexicon_dir: Path = Path("lexicons")  # list "surnames" is surnames.csv or surnames.txt there
    ocr_languages: str | None = None  # as Tesseract names them: "eng+fra"; None is what there is
    device: str = "cpu"  # as torch names it: "cpu", "cuda:0"
    segment_processes: Annotated[int, Field(ge=1)] = max(1, os.cpu_count() or 1)
    recognize_threads: Annotated[int, Field(ge=1)] = max(1, (os.cpu_count() or 1) // 4)
    max_document_mib: Annotated[int, Field(gt=0)] = 64
    max_pages: Annotated[int, Field(gt=0)] = 50
    max_page_mpx: Annotated[float, Field(gt=0)] = 80.0  # megapixels after decoding
    review_below: Annotated[float, Field(ge=0, le=1)] = 0.85  # confidence
    thresholds: Path | None = None  # penname route's, by field; review_below for all others
    audit_share: Annotated[float, Field(ge=0, le=1)] = 0.01  # of what passes without a person
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003, pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003, the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank a command's options over the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(**options: object) -> Settings:
    """Build the settings, a command's own options first; ``None`` means not given.

    Raises:
        ConfigError: a value is wrong, a setting is unknown, or ``penname.toml`` is not TOML;
            the message names every fault at once and no value.
    """
    given = {name: value for name, value in options.items() if value is not None}
    _refuse_unknown_variables()
    try:
        return Settings(**given)  # type: ignore[arg-type] # checked by pydantic
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise ConfigError("settings are wrong: " + "; ".join(faults)) from error
    except ValueError as error:  # TOMLDecodeError among them
        raise ConfigError(f"penname.toml cannot be read: {error}") from error


def _refuse_unknown_variables() -> None:
    """Name misspelt variables, which pydantic-settings passes over in silence."""
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known)
    if unknown:
        raise ConfigError(
            f"unknown settings in the environment: {', '.join(unknown)}; "
            f"known are {', '.join(sorted(known))}"
        )
