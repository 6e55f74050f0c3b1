"""A whole deployment, every part of it real: from an upload to a webhook and a review."""

from __future__ import annotations

import hmac
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.checkpoints import save_untrained
from tests.faults.forms import draw_quick_forms, write_templates
from tests.receiver import receiving
from tests.servers import HOST, free_port, redis, s3
from tests.web import PASSWORD
from worker.storage.s3 import S3Options, connect

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
BATCH = "clinic/2026-11"  # a name as people file by
ADDRESS = "/batches/clinic%2F2026-11"
WITHIN_S = 300.0  # for each wait, on a machine that does other things as well


@dataclass(slots=True, kw_only=True)
class Processes:
    """The commands of a deployment, each a process of its own."""

    folder: Path
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *words: str, typed: str = "") -> str:
        """Run a command to its end and give what it printed."""
        done = subprocess.run(  # noqa: S603, our own arguments
            [sys.executable, "-m", "worker", *words],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str) -> None:
        """Start a command that runs until it is stopped."""
        with (self.folder / f"{words[0]}-{words[1]}.log").open("wb") as log:
            self.running[" ".join(words)] = subprocess.Popen(  # noqa: S603, our own arguments
                [sys.executable, "-m", "worker", *words],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> dict[str, int]:
        """End them in order, and give the exit code of each."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        return {words: process.wait(60) for words, process in self.running.items()}

    def kill(self) -> None:
        """End whatever still runs."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def logs(self) -> str:
        """Give all that they wrote."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@pytest.fixture
def forms():
    return draw_quick_forms()


@pytest.fixture
def processes(tmp_path, forms, postgresql_url):
    """Give the processes of a deployment over servers of its own; none runs yet."""
    with redis() as broker, s3() as endpoint, pytest.MonkeyPatch.context() as here:
        credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        for name, value in credentials.items():
            here.setenv(name, value)
        connect(S3Options(endpoint_url=endpoint)).create_bucket(Bucket="penname")
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PENNAME_DATABASE_URL": postgresql_url,
            "PENNAME_BROKER_URL": f"redis://{HOST}:{broker.port}/0",
            "PENNAME_STORE": "s3://penname/kept",
            "PENNAME_S3_ENDPOINT_URL": endpoint,
            "PENNAME_TEMPLATE_DIR": str(write_templates(forms, tmp_path / "templates")),
            "PENNAME_CHECKPOINT": str(save_untrained(tmp_path / "untrained.safetensors")),
            "PENNAME_NAME_PRIOR": "off",
            "PENNAME_WEBHOOK_PRIVATE_HOSTS": "on",
            "PENNAME_SWEEP_EVERY_S": "1",
        }
        found = Processes(folder=tmp_path, environment=environment)
        try:
            yield found
        finally:
            found.kill()


def wait_for(what, processes):
    """Ask again and again until something is so, and give it."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            if found := what():
                return found
        except httpx.TransportError:  # the server is still starting
            pass
        assert time.monotonic() < deadline, processes.logs()[-4000:]
        time.sleep(0.2)


def test_an_upload_is_read_told_and_reviewed(processes, forms):
    port = free_port()
    url = f"http://{HOST}:{port}"
    processes.run("user", "add", "anna", "--role", "admin", typed=f"{PASSWORD}\n")
    token = processes.run("user", "token", "anna", "--label", "robot").split()[-1]
    for words in (
        ("web", "--port", str(port)),
        ("worker", "segment", "--concurrency", "1"),
        ("worker", "recognize"),
        ("worker", "sweep"),
    ):
        processes.start(*words)
    bearer = {"Authorization": f"Bearer {token}"}
    with (
        receiving(503) as receiver,  # away when first told
        httpx.Client(base_url=f"{url}/api/v1", headers=bearer, timeout=60.0) as program,
        httpx.Client(base_url=url, timeout=60.0) as person,
    ):
        wait_for(lambda: person.get("/health").status_code == 200, processes)
        hook = program.post("/webhooks", json={"url": receiver.url}).json()
        sheets = [("files", (f"{at}.jpg", data)) for at, data in enumerate(forms.sheets)]
        broken = ("files", ("broken.pdf", b"%PDF-1.7 and no more"))

        handed_in = program.post(f"{ADDRESS}/documents", files=[*sheets, broken])

        assert handed_in.status_code == 202, handed_in.text
        count = len(sheets)

        def finished():
            batch = program.get(ADDRESS).json()
            return batch["finished"] == count + 1 and batch

        batch = wait_for(finished, processes)
        assert batch["name"] == BATCH
        assert batch["by_status"].pop("failed") == 1
        assert sum(batch["by_status"].values()) == count
        [failure] = program.get(f"{ADDRESS}/failures").json()["items"]
        assert failure["code"] == "damaged_document"

        results = program.get("/results", params={"batch": BATCH, "limit": 100}).json()["items"]
        assert len(results) == count * forms.field_count
        written = [one for one in results if one["status"] != "blank"]
        crop = program.get(f"/results/{written[0]['reading_id']}/crop")
        assert crop.content.startswith(b"\x89PNG")

        wait_for(lambda: len(receiver.got) > 1, processes)
        _, headers, body = receiver.got[1]
        stamp, _, signed = headers["X-Penname-Signature"].partition(",")
        mac = hmac.digest(hook["secret"].encode(), f"{stamp[2:]}.".encode() + body, "sha256")
        assert signed == f"v1={mac.hex()}"
        told = json.loads(body)
        assert (told["event"], told["batch"]) == ("batch.done", BATCH)
        assert told["documents"] == {**batch["by_status"], "failed": 1}

        person.post("/login", data={"name": "anna", "password": PASSWORD})
        page = person.get("/review").text
        lease = page.partition('name="lease" value="')[2].partition('data-lease="')[2][:36]
        csrf = page.partition('name="csrf" content="')[2][:64]
        assert person.get(f"/review/crops/{lease}").content.startswith(b"\x89PNG")
        said = {"csrf": csrf, "lease": lease, "text": "Ada Lovelace"}
        assert person.post("/review/answers", data=said).status_code == 303
        asked = {"corrected": "true", "name": "ada*"}
        [corrected] = program.get("/results", params=asked).json()["items"]
        assert (corrected["text"], corrected["corrected_by"]) == ("Ada Lovelace", "anna")

    codes = processes.stop()
    assert set(codes.values()) <= {0, -signal.SIGTERM}, codes
    logs = processes.logs()
    assert '"level": "ERROR"' not in logs, logs[-4000:]
    assert "Lovelace" not in logs
