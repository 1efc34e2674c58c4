"""Python files beside the notebook, and distributions."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from studio.export.companions import companions_of, requirement
from studio.source.cell import Source


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder from which Python imports, as from that of a notebook."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def service(body: str) -> Source:
    return Source("service", "A", body)


def test_files_beside_the_notebook_are_copied_with_what_they_import(beside: Path) -> None:
    (beside / "zz_helpers.py").write_text("import zz_tables\nimport json\n")
    (beside / "zz_tables").mkdir()
    (beside / "zz_tables" / "__init__.py").write_text("")
    (beside / "zz_tables" / "rates.csv").write_text("1,2")
    found = companions_of([service("from zz_helpers import vat\n")])
    assert [path for path, _ in found.files] == ["zz_helpers.py", "zz_tables/__init__.py", "zz_tables/rates.csv"]
    assert found.modules == ("zz_helpers.py", "zz_tables")


def test_distributions_become_requirements() -> None:
    found = companions_of([service("import yaml\nfrom httpx import URL\nimport json, studio\n")])
    assert [re.split("[>=]", each)[0] for each in found.requirements] == ["httpx", "pyyaml"]
    assert not found.files
    assert not found.missing


def test_what_is_nowhere_is_named(beside: Path) -> None:
    assert companions_of([service("def f():\n    import zz_nowhere\n")]).missing == (("zz_nowhere", "service A"),)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [("2.11.4", ">=2.11.4,<3"), ("0.28.1", ">=0.28.1,<0.29"), ("2025.7", ">=2025.7,<2026"), ("1.2+local", ">=1.2,<2")],
)
def test_ranges_begin_at_the_installed_version(version: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: version)
    assert requirement("Some_Thing") == f"some-thing{wanted}"
