"""Settings of a run, read once from the environment and ``penname.toml``.

``PENNAME_DATABASE_URL`` sets ``database_url``; the environment wins over the file, and a
command's own options over both. S3 credentials are left to boto3's own chain.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
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
    broker_url: SecretStr = SecretStr("redis://localhost:6379/0")  # Redis, for the queue's workers
    broker_key_prefix: str = "penname:"  # of every key there; the Redis may serve others as well
    lease_s: Annotated[float, Field(ge=2)] = 20.0  # a worker silent for so long is taken for dead
    sweep_every_s: Annotated[float, Field(gt=0)] = 5.0
    most_tries: Annotated[int, Field(ge=1)] = 3  # of a document at each stage; not by an outage
    task_soft_limit_s: Annotated[int, Field(gt=0)] = 240  # ends the try of one document, in order
    task_hard_limit_s: Annotated[int, Field(gt=0)] = 300  # ends the process that has it in hand
    redeliver_after_s: Annotated[int, Field(gt=0)] = 900  # Redis gives messages again after it
    shard_crops: Annotated[int, Field(ge=1)] = 256  # read at once, across documents
    shard_documents: Annotated[int, Field(ge=1)] = 64  # and of at most so many
    worker_memory_mib: Annotated[int, Field(ge=100)] = 1500  # a segment process over it is renewed
    web_places: tuple[str, ...] = ()  # how places begin that the web may make batches from
    webhook_private_hosts: bool = False  # whether webhooks may lead into this machine's network
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @model_validator(mode="after")
    def _limits_nest(self) -> Self:
        """Refuse limits that would end work, or do it twice, while it goes well.

        A message that Redis gives again while its task still runs is one that a second worker
        takes up in vain; a hard limit at or under the soft one leaves no time to let go of a
        document in order.
        """
        nested = ("task_soft_limit_s", "task_hard_limit_s", "redeliver_after_s")
        limits = [getattr(self, name) for name in nested]
        if not limits[0] < limits[1] < limits[2]:
            found = " and ".join(map(str, limits))
            raise ValueError(f"want {' < '.join(nested)}, found {found}")
        if self.lease_s >= self.task_soft_limit_s:
            raise ValueError(f"want lease_s under task_soft_limit_s, found {self.lease_s:g}")
        return self

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


def unknown_variables() -> list[str]:
    """List misspelt variables, which pydantic-settings passes over in silence."""
    known = _known_variables()
    return sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known)


def export_settings(settings: Settings, *names: str) -> None:
    """Hand settings that a command was given on to the processes that it starts."""
    for name in names:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        os.environ[_PREFIX + name.upper()] = text


def _refuse_unknown_variables() -> None:
    unknown = unknown_variables()
    if unknown:
        raise ConfigError(
            f"unknown settings in the environment: {', '.join(unknown)}; "
            f"known are {', '.join(sorted(_known_variables()))}"
        )


def _known_variables() -> set[str]:
    return {_PREFIX + name.upper() for name in Settings.model_fields}
