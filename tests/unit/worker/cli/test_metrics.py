from __future__ import annotations

import typer
from typer.testing import CliRunner

from tests.database import opened
from tests.unit.worker.database.test_workload import add
from worker.cli.metrics import metrics

app = typer.Typer()
app.command()(metrics)


def test_without_a_port_the_page_is_printed_once(tmp_path):
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        add(sessions, {}, {})

    printed = CliRunner().invoke(app, ["--db", url], catch_exceptions=False)

    assert printed.exit_code == 0
    assert "\npenname_outstanding_documents 2.0\n" in printed.stdout
