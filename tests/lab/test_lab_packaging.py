"""The JupyterLab extension travels built, once, and names nobody's machine; its output belongs to its sources."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SHARED = "/share/jupyter/labextensions/service-studio/"


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build the wheel and list its files."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def frontend(root: Path) -> Path:
    """The folder of its sources."""
    return root / "studio" / "lab" / "frontend"


def test_the_wheel_holds_the_built_extension_once(wheel: list[str], root: Path) -> None:
    built = root / "studio" / "lab" / "labextension"
    wanted = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()} | {"install.json"}
    assert {name.partition(SHARED)[2] for name in wheel if SHARED in name} == wanted
    assert sum("remoteEntry" in name for name in wheel) == 1


def test_the_wheel_holds_no_sources_of_it(wheel: list[str]) -> None:
    assert [name for name in wheel if "frontend" in name or "node_modules" in name or name.endswith(".ts")] == []


def test_the_wheel_holds_the_cells_that_commands_insert(wheel: list[str]) -> None:
    assert "studio/lab/templates/service.txt" in wheel


def test_lab_is_told_who_installed_it(frontend: Path) -> None:
    told = json.loads((frontend / "install.json").read_text(encoding="utf-8"))
    assert (told["packageManager"], told["packageName"]) == ("python", "service-studio")


def test_what_is_built_was_built_from_these_sources(frontend: Path) -> None:
    files = [frontend / name for name in ("package-lock.json", "package.json", "tsconfig.json")]
    files += [*(frontend / "src").glob("*.ts"), *(frontend / "style").iterdir()]
    names = {file.relative_to(frontend).as_posix(): file for file in files}
    names |= {f"../templates/{file.name}": file for file in (frontend.parent / "templates").glob("*.txt")}
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n".encode() + names[name].read_bytes() + b"\n")
    kept = (frontend.parent / "labextension" / "sources.sha256").read_text(encoding="utf-8").strip()
    assert kept == digest.hexdigest(), "the extension is older than its sources: run `make labextension`"


def test_no_lock_or_output_names_a_host(frontend: Path) -> None:
    lock = (frontend / "package-lock.json").read_text(encoding="utf-8")
    assert re.findall(r"https?://\S+", lock) == []
    built = [path for path in (frontend.parent / "labextension").rglob("*") if path.is_file()]
    found = {link for file in built for link in re.findall(r"https?://[\w.-]+", file.read_text(encoding="utf-8"))}
    assert {link for link in found if link != "http://www.w3.org"} == set()


def test_versions_agree(frontend: Path) -> None:
    from studio import __version__

    assert json.loads((frontend / "package.json").read_text(encoding="utf-8"))["version"] == __version__
