"""Writing into a folder in which somebody may have edited."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import ExportUnwritable, NotOurFolder
from studio.export.writing import MANIFEST, demand_ours, write_files

ABOUT = {"studio": "0.1.0"}
names = st.sampled_from(["a.py", "b.py", "c/d.py"])
trees = st.dictionaries(names, st.binary(max_size=3))


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@settings(deadline=None, max_examples=50)  # a disk is as slow as it is
@given(first=trees, edits=trees, second=trees, third=trees)
def test_no_edit_is_ever_lost_and_everything_else_is_what_was_made(
    first: dict[str, bytes], edits: dict[str, bytes], second: dict[str, bytes], third: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, first, ABOUT, force=False)
        for path, text in edits.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(text)
        edited = {path: text for path, text in edits.items() if first.get(path) != text}
        for made in (second, third):
            write_files(folder, made, ABOUT, force=False)
            edited = {path: text for path, text in edited.items() if made.get(path) != text}
            assert content(folder) == {**made, **edited}


@settings(deadline=None, max_examples=50)  # a disk is as slow as it is
@given(first=trees, edits=trees, second=trees)
def test_force_leaves_what_was_made_and_what_was_never_ours(
    first: dict[str, bytes], edits: dict[str, bytes], second: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, first, ABOUT, force=False)
        for path, text in edits.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(text)
        write_files(folder, second, ABOUT, force=True)
        foreign = {path: text for path, text in edits.items() if path not in first}
        assert content(folder) == {**foreign, **second}


def test_what_happened_is_told(tmp_path: Path) -> None:
    write_files(tmp_path, {"same": b"1", "gone": b"1", "edited": b"1", "left": b"1"}, ABOUT, force=False)
    for name in ("edited", "left"):
        (tmp_path / name).write_bytes(b"mine")
    told = write_files(tmp_path, {"same": b"1", "edited": b"2", "new": b"1"}, ABOUT, force=False)
    assert (told.written, told.unchanged, told.removed) == (("new",), ("same",), ("gone",))
    assert (told.kept, told.left) == (("edited",), ("left",))


def test_an_edit_is_told_of_each_time(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"1", "b": b"1"}, ABOUT, force=False)
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "b").write_bytes(b"mine")
    told = [write_files(tmp_path, {"a": b"1"}, ABOUT, force=False) for _ in range(2)]
    assert [(each.kept, each.left) for each in told] == [(("a",), ("b",))] * 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}}', '{"studio": "1", "files": {"../x": "0"}}', "\x00"])
def test_a_folder_with_another_manifest_is_not_touched(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(NotOurFolder, match=r"STU701.*not ours"):
        write_files(tmp_path, {"a": b""}, ABOUT, force=True)
    assert content(tmp_path) == {}


def test_a_folder_with_other_things_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("42")
    with pytest.raises(NotOurFolder, match="is not empty"):
        demand_ours(tmp_path)
    with pytest.raises(NotOurFolder, match="is a file"):
        demand_ours(tmp_path / "thesis.tex")


def test_an_export_cut_short_is_no_edit(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()  # a folder where a file is wanted
    write_files(tmp_path / "shop", {"a": b"1"}, ABOUT, force=False)
    (tmp_path / "shop" / "b").mkdir()
    with pytest.raises(ExportUnwritable, match="STU707"):
        write_files(tmp_path / "shop", {"a": b"2", "b": b"2"}, ABOUT, force=False)
    (tmp_path / "shop" / "b").rmdir()
    assert write_files(tmp_path / "shop", {"a": b"2", "b": b"2"}, ABOUT, force=False).kept == ()


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    write_files(tmp_path / "shop", {"a": b"1"}, ABOUT, force=False)
    (tmp_path / "shop" / "a").unlink()
    (tmp_path / "shop" / "a").symlink_to(tmp_path / "mine")
    write_files(tmp_path / "shop", {"a": b"2"}, ABOUT, force=True)
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_the_manifest_is_sorted_and_undated(tmp_path: Path) -> None:
    write_files(tmp_path, {"b": b"", "a": b""}, ABOUT, force=False)
    assert list(json.loads((tmp_path / MANIFEST).read_text())["files"]) == ["a", "b"]
