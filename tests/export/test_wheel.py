"""The runtime that travels along."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib import metadata

import pytest

import studio
from studio.errors import RuntimeUnknown
from studio.export.wheel import runtime_wheel


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    """Open the wheel."""
    return zipfile.ZipFile(io.BytesIO(runtime_wheel()[1]))


def test_it_is_named_as_installers_expect() -> None:
    assert runtime_wheel()[0] == f"service_studio-{studio.__version__}-py3-none-any.whl"


def test_the_same_studio_gives_the_same_bytes(archive: zipfile.ZipFile) -> None:
    assert runtime_wheel() == runtime_wheel()
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_its_record_is_true(archive: zipfile.ZipFile) -> None:
    (record,) = (name for name in archive.namelist() if name.endswith("/RECORD"))
    listed = dict(line.rsplit(",", 2)[:2] for line in archive.read(record).decode().splitlines())
    assert listed.pop(record) == ""
    assert listed.keys() == set(archive.namelist()) - {record}
    for name, digest in listed.items():
        found = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).rstrip(b"=").decode()
        assert digest == f"sha256={found}"


def test_it_holds_the_code_that_ran_and_its_command(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    assert {"studio/__init__.py", "studio/py.typed", "studio/export/templates/package/pyproject.toml.j2"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert b"studio = studio.cli:main" in archive.read(entry_points)


def test_without_metadata_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(RuntimeUnknown, match="STU706"):
        runtime_wheel()
