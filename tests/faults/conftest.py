"""One deployment for all faults, which befall it in turn, each with a batch of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.checkpoints import save_untrained
from tests.database import opened
from tests.faults.deployment import BUCKET, Deployment, connect_celery
from tests.faults.forms import draw_quick_forms, write_templates
from tests.faults.troubled_proxy import troubled_proxy
from tests.servers import postgresql_server, redis, s3
from worker.celery_app import app
from worker.storage.s3 import S3Options, connect

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Findings:
    """What the faults cost, printed at the end."""

    lines: list[str] = field(default_factory=list)

    def add(self, fault: str, **figures: Any) -> None:
        said = ", ".join(f"{name} {value}" for name, value in figures.items())
        self.lines.append(f"{fault}: {said}")
        print(self.lines[-1], flush=True)  # noqa: T201, what such a run is for


@pytest.fixture(scope="session")
def findings() -> Iterator[Findings]:
    found = Findings()
    yield found
    print("\n" + "\n".join(found.lines))  # noqa: T201, the same


@pytest.fixture(scope="session")
def standing(tmp_path_factory) -> Iterator[tuple[Deployment, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("faults")
    forms = draw_quick_forms()
    templates = write_templates(forms, folder / "templates")
    checkpoint = save_untrained(folder / "untrained.safetensors")
    with (
        redis() as broker,
        postgresql_server() as (server, url),
        s3() as endpoint,
        troubled_proxy(endpoint) as proxy,
        pytest.MonkeyPatch.context() as patch,
        opened(url) as sessions,
    ):
        environment = {
            "PENNAME_DATABASE_URL": url,
            "PENNAME_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
            "PENNAME_STORE": "s3://crops/of/documents",
            "PENNAME_S3_ENDPOINT_URL": proxy.url,
            "PENNAME_TEMPLATE_DIR": str(templates),
            "PENNAME_CHECKPOINT": str(checkpoint),
            "PENNAME_NAME_PRIOR": "off",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        client = connect(S3Options(endpoint_url=proxy.url))
        client.create_bucket(Bucket=BUCKET)
        client.create_bucket(Bucket="crops")
        deployment = Deployment(
            folder=folder,
            environment=environment,
            database_url=url,
            postgresql=server,
            redis=broker,
            proxy=proxy,
            forms=forms,
            celery=connect_celery(app),
            sessions=sessions,
        )
        deployment.start_all()
        try:
            yield deployment, environment
        finally:
            deployment.stop_all()


@pytest.fixture
def deployment(standing, monkeypatch) -> Deployment:
    """Give the deployment, every worker of it running."""
    found, environment = standing
    for name, value in environment.items():  # which tests/conftest.py keeps out of all tests
        monkeypatch.setenv(name, value)
    for name, options in (("segment", ["--concurrency", "2"]), ("recognize", []), ("sweep", [])):
        if name not in found.workers or found.workers[name].poll() is not None:
            found.start(name, *options)
    return found
