from __future__ import annotations

from worker.cli.web import _intake
from worker.config import read_settings


def test_a_manifest_leads_out_of_no_allowed_place(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"scan")
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    manifest = allowed / "list.csv"
    manifest.write_text(f"uri\n{secret.as_uri()}\n")

    listed = list(_intake(read_settings()).list_place(str(manifest)))

    assert [source.uri for source in listed] == [manifest.as_uri()]
