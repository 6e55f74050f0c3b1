"""The JSON API over HTTP, as a program meets it."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import quote
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from tests.database import make_field, opened, read, register, rows
from tests.factories import make_crop, make_image
from tests.handed_in import make_intake
from tests.web import served
from worker.crop_archive import encode_png, pack_crops
from worker.roles import Role
from worker.types import FieldStatus
from worker.webhooks import WebhookParams

API = "/api/v1"


@pytest.fixture
def web(tmp_path):
    """Serve the application where it takes scans from one folder."""
    place = tmp_path / "scans"
    place.mkdir()
    with (
        opened(f"sqlite:///{tmp_path}/penname.db") as sessions,
        served(
            sessions,
            intake=make_intake(str(place)),
            template_dir=tmp_path / "templates",
            webhooks=WebhookParams(private_hosts=True),
        ) as web,
    ):
        yield web


def png_bytes(height=40, width=200):
    return encode_png(make_image(height, width))


def fill(web, *names):
    for name in names:
        read(web.sessions, make_field("full_name", name, confidence=0.5), uri=f"file:///{name}.jpg")


def test_results_come_page_by_page_and_filtered(web):
    fill(web, "Ada", "Adele", "Grace")
    program = web.program()

    first = program.get(f"{API}/results", params={"sort": "name", "limit": 2}).json()
    rest = {"sort": "name", "limit": 2, "cursor": first["next_cursor"]}
    second = program.get(f"{API}/results", params=rest).json()
    by_name = program.get(f"{API}/results", params={"name": "ad*"}).json()

    assert [item["text"] for item in first["items"]] == ["Ada", "Adele"]
    assert [item["text"] for item in second["items"]] == ["Grace"]
    assert second["next_cursor"] is None
    assert {item["text"] for item in by_name["items"]} == {"Ada", "Adele"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/results?limit=0", 422, "invalid_request", id="limit"),
        pytest.param("/results?sort=place", 400, "bad_query", id="sort"),
        pytest.param("/results?cursor=xyz", 400, "bad_query", id="cursor"),
        pytest.param("/results?name=%00", 422, "invalid_request", id="nul"),
        pytest.param(f"/results/{uuid4()}", 404, "no_such_result", id="result"),
        pytest.param("/results/..%2f..%2fetc", 404, "http_error", id="traversal"),
        pytest.param("/batches/none", 404, "no_such_result", id="batch"),
        pytest.param("/templates/none", 404, "no_such_result", id="template"),
        pytest.param("/templates/..", 404, "http_error", id="template-traversal"),
        pytest.param("/nowhere", 404, "http_error", id="route"),
    ],
)
def test_what_fails_is_a_problem_with_its_code(web, path, status, code):
    answer = web.program().get(f"{API}{path}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_result_is_explained_and_corrected_and_the_log_says_by_whom(web):
    claim = read(web.sessions, make_field("full_name", "Ado"))
    crops = pack_crops([(0, [make_crop()])])
    web.store.put(f"crops/{claim.document_id}/{claim.attempt}.zip", crops)
    program = web.program(role=Role.REVIEWER)
    [result] = program.get(f"{API}/results").json()["items"]
    address = f"{API}/results/{result['reading_id']}"

    said = program.post(f"{address}/corrections", json={"text": " Ada  Lovelace "})

    assert said.status_code == 201
    assert [one["text"] for one in said.json()["corrections"]] == ["Ada Lovelace"]
    assert program.get(address).json()["text"] == "Ado"
    assert program.get(f"{address}/crop").content.startswith(b"\x89PNG")
    assert program.get(f"{API}/results?corrected=true").json()["items"][0]["text"] == "Ada Lovelace"
    log = rows(web.sessions, "SELECT who, subject FROM audit_log WHERE action = 'field_corrected'")
    assert log == [{"who": "robot", "subject": result["reading_id"]}]
    assert program.post(f"{address}/corrections", json={"status": "read"}).status_code == 400
    assert program.post(f"{address}/corrections", json={"status": "misplaced"}).status_code == 422
    assert program.post(f"{address}/corrections", json={"texte": "x"}).status_code == 422


def test_results_go_out_as_a_file_of_each_kind(web):
    fill(web, "Ada", "=Grace")
    program = web.program()

    def get(kind):
        answer = program.get(f"{API}/results/export", params={"format": kind, "batch": "autumn"})
        assert "attachment" in answer.headers["content-disposition"]
        return answer.content

    assert b"'=Grace" in get("csv")
    assert {json.loads(line)["text"] for line in get("jsonl").splitlines()} == {"Ada", "=Grace"}
    assert pq.read_table(io.BytesIO(get("parquet"))).num_rows == 2


def test_uploads_wait_in_their_batch_under_keys_of_our_own(web):
    program = web.program(role=Role.REVIEWER)
    files = [
        ("files", ("../../etc/passwd.PNG", png_bytes(), "image/png")),
        ("files", ("ada lovelace.exe", b"%PDF-", "application/pdf")),
    ]

    answer = program.post(f"{API}/batches/spring/documents", files=files)

    assert (answer.status_code, answer.json()["added"]) == (202, 2)
    uris = [source.uri for source in web.store.list("uploads/")]
    assert len(uris) == 2
    assert not any("passwd" in uri or "ada" in uri or ".." in uri for uri in uris)
    assert sorted(uri.rpartition(".")[2] == "png" for uri in uris) == [False, True]
    batch = program.get(f"{API}/batches/spring").json()
    assert (batch["total"], batch["by_status"]) == (2, {"pending": 2})


@pytest.mark.parametrize(
    "name",
    ["a%2F", "%2Fa", "a%2F%2Fb", "a%2F%2e%2e", "a%2Fretry", "%00", "%20", "%2e%2e", "x" * 129],
)
def test_a_batch_of_a_hostile_name_is_not_made(web, name):
    program = web.program(role=Role.REVIEWER)

    answer = program.post(f"{API}/batches/{name}/documents", files=[("files", ("a.png", b"x"))])

    assert answer.status_code in {400, 404, 405, 422}
    assert rows(web.sessions, "SELECT * FROM batches") == []


def test_a_batch_is_made_from_a_place_that_is_allowed_and_no_other(web, tmp_path):
    (tmp_path / "scans" / "1.png").write_bytes(png_bytes())
    (tmp_path / "secret.png").write_bytes(png_bytes())
    admin = web.program(role=Role.ADMIN)

    made = admin.post(
        f"{API}/batches", json={"name": "spring", "place": str(tmp_path / "scans"), "urgent": True}
    )
    refused = [
        admin.post(f"{API}/batches", json={"name": "theirs", "place": place}).json()["code"]
        for place in (str(tmp_path), f"{tmp_path}/scans/../", f"{tmp_path}/scans2", "s3://other/")
    ]

    assert (made.status_code, made.json()["added"]) == (202, 1)
    assert set(refused) == {"not_allowed"}


def test_what_failed_is_listed_and_tried_again(web):
    register(web.sessions)
    program = web.program(role=Role.REVIEWER)
    program.post(f"{API}/batches/spring/documents", files=[("files", ("a.png", b"x"))])
    fail = "UPDATE documents SET status = 'failed', failure_code = 'damaged_document'"
    with web.sessions.begin() as session:
        session.connection().exec_driver_sql(fail)

    [failed] = program.get(f"{API}/batches/spring/failures").json()["items"]
    for mistyped in (
        program.post(f"{API}/batches/spring/retry", json={"code": "damaged"}),
        program.get(f"{API}/batches/spring/failures", params={"code": "damaged"}),
    ):
        assert (mistyped.status_code, mistyped.json()["code"]) == (400, "bad_query")
    again = program.post(f"{API}/batches/spring/retry", json={"code": "damaged_document"})

    assert failed["code"] == "damaged_document"
    assert again.json() == {"documents": 1}
    assert program.get(f"{API}/batches/spring").json()["by_status"] == {"pending": 1}
    assert program.post(f"{API}/batches/spring/cancel").status_code == 403


def field(**changes):
    return {"name": "patient", "box": [20, 20, 100, 30], **changes}


def test_a_template_is_saved_once_and_offered_then(web, tmp_path):
    admin = web.program(role=Role.ADMIN)

    def save(template_id, *fields):
        return admin.post(
            f"{API}/templates",
            data={"template_id": template_id, "fields": json.dumps(fields), "dpi": "100"},
            files={"blank": ("blank.png", png_bytes(300, 200))},
        )

    made = save("intake", field(letters="upper", lexicon="surnames"))
    again = save("intake", field())

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["code"]) == (409, "template_exists")
    assert (tmp_path / "templates/intake/template.toml").is_file()
    [template] = admin.get(f"{API}/templates").json()["items"]
    assert template["fields"][0]["box"] == [20, 20, 100, 30]
    assert template["fields"][0]["letters"] == "upper"
    assert admin.get(f"{API}/templates/intake").json() == template


@pytest.mark.parametrize("template_id", ["../evil", "/evil", ".hidden", "a/b", "a\\b", "", "x\n"])
def test_an_id_that_would_leave_the_template_folder_is_refused(web, tmp_path, template_id):
    before = sorted(tmp_path.rglob("*.toml"))

    answer = web.program(role=Role.ADMIN).post(
        f"{API}/templates",
        data={"template_id": template_id, "fields": json.dumps([field()])},
        files={"blank": ("blank.png", png_bytes(300, 200))},
    )

    assert answer.status_code == 422
    assert sorted(tmp_path.rglob("*.toml")) == before


@pytest.mark.parametrize(
    "fields",
    ["[]", "nonsense", json.dumps([field(box=[190, 20, 100, 30])]), json.dumps([field(), field()])],
)
def test_fields_that_are_no_template_are_refused_with_every_fault(web, fields):
    answer = web.program(role=Role.ADMIN).post(
        f"{API}/templates",
        data={"template_id": "intake", "fields": fields, "dpi": "100"},
        files={"blank": ("blank.png", png_bytes(300, 200))},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "template_refused")


def test_webhooks_are_for_admins_and_their_secret_is_shown_once(web):
    admin = web.program("anna", Role.ADMIN)

    made = admin.post(f"{API}/webhooks", json={"url": "http://127.0.0.1:9/told"}).json()
    listed = admin.get(f"{API}/webhooks")

    assert made["secret"] not in listed.text
    assert listed.json()["items"][0]["url"] == "http://127.0.0.1:9/told"
    assert web.program("rita", Role.REVIEWER).get(f"{API}/webhooks").status_code == 403
    assert admin.delete(f"{API}/webhooks/{made['id']}").status_code == 204
    assert admin.delete(f"{API}/webhooks/{made['id']}").status_code == 404


@pytest.mark.parametrize("status", list(FieldStatus))
def test_every_status_can_be_asked_for(web, status):
    assert web.program().get(f"{API}/results", params={"status": status}).status_code == 200


def test_a_batch_whose_name_holds_slashes_is_met_wherever_a_batch_is(web):
    client = web.log_in("anna", Role.ADMIN)
    name = "clinic/2026-11 ü/north"
    address = f"{API}/batches/{quote(name, safe='')}"

    sent = client.post(f"{address}/documents", files=[("files", ("a.png", png_bytes()))])

    assert sent.status_code == 202
    assert client.get(address).json()["name"] == name
    assert client.get(f"{API}/batches/{quote(name)}").json()["total"] == 1
    assert client.get(f"{address}/failures").json()["items"] == []
    assert client.post(f"{address}/cancel").json() == {"documents": 1}
    assert client.post(f"{address}/retry", json={"code": "cancelled"}).json() == {"documents": 1}
    listed = client.get("/batches").text
    link = re.search(r'href="(/batches/[^"]+)"', listed)
    assert link is not None
    assert client.get(link[1]).status_code == 200
    for order in ("retry", "cancel"):
        done = client.post(f"{link[1]}/{order}")
        assert done.status_code == 303
        assert quote(name) in client.get(done.headers["location"]).text


def test_an_order_asked_for_by_the_wrong_method_says_which_is_right(web):
    program = web.program(role=Role.ADMIN)

    answer = program.get(f"{API}/batches/clinic%2F2026/retry")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_what_is_refused_before_any_route_is_a_problem_too(web):
    program = web.program(role=Role.ADMIN)

    too_long = program.post(f"{API}/webhooks", content=b" " * 300_000)
    foreign = program.post(
        f"{API}/webhooks", json={}, headers={"Origin": "https://elsewhere.example"}
    )

    for answer, status, code in (
        (too_long, 413, "request_too_large"),
        (foreign, 403, "not_allowed"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
        assert problem["title"]
        assert problem["detail"]


@pytest.mark.parametrize("text", ["A\0da", "A\u001bda", "\udc41da"])
def test_what_nobody_writes_by_hand_is_no_correction(web, text):
    fill(web, "Ado")
    program = web.program(role=Role.REVIEWER)
    [result] = program.get(f"{API}/results").json()["items"]

    answer = program.post(
        f"{API}/results/{result['reading_id']}/corrections",
        content=json.dumps({"text": text}),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in {400, 422}
    assert rows(web.sessions, "SELECT * FROM corrections") == []
