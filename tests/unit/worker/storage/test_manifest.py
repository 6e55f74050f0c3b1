from __future__ import annotations

import pytest

from worker.errors import ConfigError, ObjectMissingError
from worker.storage.manifest import read_manifest


def written(tmp_path, text):
    path = tmp_path / "batch.csv"
    path.write_text(text)
    return list(read_manifest(path))


def test_a_manifest_lists_objects_and_files_beside_it(tmp_path):
    (tmp_path / "1.jpg").write_bytes(b"12345")

    listed = written(
        tmp_path, 'uri,version,size_bytes\ns3://inbox/a.jpg,"""abc""",7\n1.jpg,,\ns3://inbox/b,,\n'
    )

    assert [(found.uri, found.version, found.size_bytes) for found in listed] == [
        ("s3://inbox/a.jpg", '"abc"', 7),
        ((tmp_path / "1.jpg").as_uri(), "", 5),
        ("s3://inbox/b", "", 0),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "want a column uri"),
        ("place\n1.jpg\n", "want a column uri"),
        ("uri,colour\n1.jpg,red\n", "unknown columns colour"),
        ("uri\nhttp://elsewhere/1.jpg\n", "line 2"),
        ("uri\n''\n".replace("''", '""'), "line 2: uri is empty"),
        ("uri,size_bytes\ns3://inbox/1.jpg,large\n", "line 2: size_bytes"),
        ("uri\ns3://\n", "BUCKET"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_refused_by_line(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says):
        written(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ObjectMissingError, match=r"gone\.jpg"):
        written(tmp_path, "uri\ngone.jpg\n")
