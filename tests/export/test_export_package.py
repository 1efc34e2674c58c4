"""A whole package."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import BadPackageName, NothingToExport, NotOurFolder, StaleDefinition
from studio.export.package import export_package
from studio.export.report import Report
from studio.graph.governing import policies_of
from studio.graph.system import System
from studio.packaged import Package
from studio.simulation.replay import replay_all
from studio.source.cell import Source, cell_from_text
from studio.source.directory import read

Export = Callable[..., Report]
Cell = Callable[[str], Source]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def define(*sources: Source) -> System:
    system = System()
    system.define_all(sources)
    return system


def test_the_same_system_gives_the_same_bytes_whatever_the_order(
    export: Export, cells: tuple[Source, ...], tmp_path: Path
) -> None:
    export(folder=tmp_path / "one" / "shop")
    export(define(*reversed(cells)), folder=tmp_path / "two" / "shop")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_file_ends_its_lines_with_a_line_feed(export: Export, tmp_path: Path) -> None:
    export()
    assert [path for path, content in tree(tmp_path).items() if b"\r" in content and not path.endswith(".whl")] == []


def test_reading_the_package_gives_the_notebooks_sources(export: Export, shop: System, tmp_path: Path) -> None:
    export()
    found = read(tmp_path / "shop" / "shop")
    assert {each.name: each for each in found} == {each.name: each for each in shop.sources}
    assert define(*found).build().digest == shop.build().digest


def test_a_mesh_is_exported_and_governs_calls_as_in_the_notebook(
    export: Export, cells: tuple[Source, ...], cell: Cell, tmp_path: Path
) -> None:
    guarded = cell('%%compose guarded\nGuarded = mesh(Payment, Tally, deadline="2s", breaker=Breaker(failures=3))\n')
    export(define(*cells, guarded))
    package = Package(tmp_path / "shop" / "shop")
    text = (tmp_path / "shop" / "shop" / "compositions" / "guarded.py").read_text()
    assert "from studio import Breaker, handle, mesh" in text
    resolved = policies_of(package.system.graph, "Tally", "Payment.process")
    assert (resolved.deadline_ns, resolved.origin("breaker")) == (2 * 10**9, "mesh Guarded")


def test_the_package_gives_the_notebooks_records(export: Export, shop: System, tmp_path: Path) -> None:
    export()
    results = replay_all(Package(tmp_path / "shop" / "shop").system)
    assert results == replay_all(shop)
    assert results["calm"]["sagas"] == {"Paying completed": 2}
    assert results["calm"]["invariants"] == {"all_paid": "held", "one_charge": "held"}


def test_every_module_is_ordinary_python(export: Export, tmp_path: Path) -> None:
    export()
    modules = Package(tmp_path / "shop" / "shop").modules
    assert {"shop.services.payment", "shop.simulations.calm", "shop.simulations.all_paid"} <= set(modules)
    program = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=tmp_path / "shop", check=True)


def test_an_exported_package_exports_itself(export: Export, tmp_path: Path) -> None:
    export()
    again = define(*read(tmp_path / "shop" / "shop"))
    assert export(again).written.written == ()


def test_settings_are_told_and_secrets_have_no_value(export: Export, tmp_path: Path) -> None:
    export()
    assert (tmp_path / "shop" / ".env.example").read_text().splitlines()[1:] == ["CARDS_KEY=", "# CURRENCY=GBP"]
    assert "| `CARDS_KEY` | secret | must be set | service Payment |" in (tmp_path / "shop" / "README.md").read_text()


def test_a_text_that_looks_like_a_secret_is_named(export: Export, shop: System, cell: Cell) -> None:
    shop.define(cell('%%module keys\nAPI_KEY = "0123456789abcdef"\n'))
    (warning,) = export(shop).warnings
    assert warning.startswith("module keys, line 1 holds a text that looks like a secret")
    assert "0123456789abcdef" not in warning


def test_the_project_names_the_runtime_and_what_cells_import(
    export: Export, shop: System, cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "zz_taxes.py").write_text("RATE = 2\n")
    shop.define(cell("%%module uses\nimport yaml\nfrom zz_taxes import RATE\n"))
    export(shop)
    project = tomllib.loads((tmp_path / "shop" / "pyproject.toml").read_text())
    names = [each.partition(">")[0] for each in project["project"]["dependencies"]]
    assert names == ["pyyaml", "service-studio[serve]"]
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"] == ["/shop", "/zz_taxes.py"]
    assert (tmp_path / "shop" / "zz_taxes.py").read_text() == "RATE = 2\n"


def test_a_hand_edit_is_kept_and_told(export: Export, tmp_path: Path) -> None:
    export()
    edited = tmp_path / "shop" / "shop" / "services" / "tally.py"
    edited.write_text(edited.read_text() + "# mine\n")
    assert "  kept shop/services/tally.py: edited by hand (--force overwrites it)" in str(export()).splitlines()
    export(force=True)
    assert "# mine" not in edited.read_text()


def test_what_is_not_declared_any_more_goes(export: Export, shop: System, tmp_path: Path) -> None:
    export()
    shop.forget("Tally")
    assert export(shop).written.removed == ("shop/services/tally.py",)


@pytest.mark.parametrize("texts", [(), ("%%contracts a\nclass A(Contract): ...",)])
def test_a_notebook_without_services_is_refused(
    texts: tuple[str, ...], export: Export, cell: Cell, tmp_path: Path
) -> None:
    with pytest.raises(NothingToExport, match="STU702"):
        export(define(*map(cell, texts)))
    assert tree(tmp_path) == {}


def test_a_stale_declaration_is_refused(export: Export, shop: System, cell: Cell) -> None:
    shop.define(cell("%%module pricing\ndef other() -> None: ...\n"))
    shop.forget("shop")
    with pytest.raises(StaleDefinition):
        export(shop)


def test_a_folder_that_is_not_ours_is_refused_before_anything_runs(shop: System, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("42")
    with pytest.raises(NotOurFolder):
        export_package(shop, tmp_path, replays=lambda _: pytest.fail("has run"))
    assert tree(tmp_path) == {"thesis.tex": b"42"}


def test_a_bad_name_is_refused(export: Export) -> None:
    with pytest.raises(BadPackageName, match="--name"):
        export(name="json")


def test_the_shop_is_one_cell_of_each_kind(cells: tuple[Source, ...]) -> None:
    from studio.source.options import KINDS

    assert {each.kind for each in cells} == set(KINDS)
    assert cell_from_text("x = 1") is None


VERSIONED = """%%saga Flow --on $.Order.created --version {version}
@saga.step
async def {step}(order: Order) -> None: ...
"""


def test_old_versions_of_a_saga_are_exported_for_the_instances_that_started_with_them(tmp_path: Path) -> None:
    system = System()
    shop = '%%contracts shop\nclass Order(Contract):\n    id: str\nevent($.Order.created, Order, key="id")\n'
    service = "%%service Clock\n@service.operation($.Clock.tell)\nasync def tell() -> int:\n    return 7\n"
    old, new = VERSIONED.format(version="1.9.0", step="first"), VERSIONED.format(version="1.10.0", step="second")
    for cell in (shop, service, old, new):
        source = cell_from_text(cell)
        assert source is not None
        system.define(source)
    export_package(system, tmp_path / "clock", replays=lambda _: {})
    sagas = tmp_path / "clock" / "clock" / "sagas"
    assert sorted(path.name for path in sagas.glob("flow*")) == ["flow.py", "flow_1_9_0.py"]
    again = System()
    again.define_all(read(tmp_path / "clock"))
    assert again.graph.sagas["Flow"].version == "1.10.0"
    assert set(again.graph.sagas_by_version) == {("Flow", "1.9.0"), ("Flow", "1.10.0")}
    assert again.build().digest == system.build().digest
