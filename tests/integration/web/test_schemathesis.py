"""The JSON API keeps what its OpenAPI says, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.database import make_field, opened, read
from tests.handed_in import make_intake
from tests.web import served
from worker.roles import Role

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.slow
def test_no_request_breaks_the_contract(tmp_path):
    with (
        opened(f"sqlite:///{tmp_path}/penname.db") as sessions,
        served(sessions, intake=make_intake(), template_dir=tmp_path / "templates") as web,
    ):
        read(sessions, make_field("full_name", "Ada"))
        token = web.program(role=Role.ADMIN).headers["Authorization"]
        done = subprocess.run(  # noqa: S603, our own arguments
            [
                *(
                    str(Path(sys.executable).with_name("schemathesis")),
                    "--config-file",
                    str(CONFIG),
                ),
                *("run", f"{web.url}/api/v1/openapi.json", "--header", f"Authorization: {token}"),
                *("--max-examples", "2", "--seed", "1", "--continue-on-failure"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stdout[-8000:]
