"""What each tab lets be taken away: every picture as SVG and PNG, every table as CSV and Parquet, all of it whole."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

import studio
from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.taken_picture import standing_alone
from studio.dashboard.view import Export
from studio.dashboard.views import TABS
from studio.store import Log

STATES: Mapping[str, Mapping[str, object]] = {
    "system": {"service": "Payment"},
    "traces": {"trace": 3},
    "sagas": {"saga": "OrderProcessing/order-1"},
    "metrics": {},
    "messages": {"message": 3},
    "campaign": {"campaign": 1, "seed": 0},
    "faults": {},
    "compare": {"run": 2, "other": 1},
}


@pytest.fixture(scope="module")
def recorded(root: Path) -> Feed:
    """Two storms of the orders and a campaign of three."""
    log, build = Log.memory(), studio.load(root / "simulations/orders").build()
    for seed in (4, 5):
        studio.simulate("storm", seed=seed, system=build, log=log, duration="12s")
    studio.campaign("storm", seeds=3, system=build, log=log, duration="3s", check_determinism=0)
    return Feed.of_log(log, build=build)


def exports_of(feed: Feed, tab: str, theme: str = "light") -> list[Export]:
    view = next(each for each in TABS if each.name == tab).load()(Desk(feed, tab=tab, theme=theme, **STATES[tab]))
    view.body()
    view.refresh()
    wait = getattr(view, "wait", None)
    if wait is not None:
        wait()
    return list(view.exports())


@pytest.mark.parametrize("tab", STATES)
def test_whatever_is_taken_away_comes_in_both_forms(recorded: Feed, tab: str) -> None:
    exports = exports_of(recorded, tab)
    assert exports
    forms: dict[str, set[str]] = {}
    for each in exports:
        forms.setdefault(each.title.rpartition(",")[0], set()).add(each.form)
    for title, found in forms.items():
        assert {"svg", "png"} <= found or {"csv", "parquet"} <= found or found <= {"json", "txt", "py"}, title
    titles = [each.title for each in exports]
    assert len(titles) == len(set(titles))
    assert len({(each.name, each.form) for each in exports}) == len(exports)


@pytest.mark.parametrize("tab", STATES)
def test_csv_and_parquet_say_the_same_with_the_same_types(recorded: Feed, tab: str) -> None:
    exports = {each.title: each for each in exports_of(recorded, tab)}
    for title in (each.removesuffix(", CSV") for each in exports if each.endswith(", CSV")):
        table = pl.read_parquet(io.BytesIO(exports[f"{title}, Parquet"].make()))
        plain = pl.read_csv(io.BytesIO(exports[f"{title}, CSV"].make()), infer_schema_length=None)
        assert (plain.columns, plain.height) == (table.columns, table.height), title
        told = exports[f"{title}, CSV"].told()
        assert told.startswith(f"{table.height:,} row"), title
        for column, kind in table.schema.items():
            if kind.is_integer() and table[column].count():
                assert plain[column].dtype == pl.Int64, f"{title}: {column}"
            elif kind == pl.Boolean and table[column].count():
                assert plain[column].dtype == pl.Boolean, f"{title}: {column}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tab", STATES)
def test_pictures_stand_alone_in_the_colours_of_the_page(recorded: Feed, tab: str, theme: str) -> None:
    for export in exports_of(recorded, tab, theme):
        if export.form not in ("svg", "png") or export.name == "drawing" or export.drawn_by:
            continue  # the browser takes these from the page
        text = export.make().decode()
        assert ET.fromstring(text).tag.endswith("}svg"), export.title  # noqa: S314 - our own
        assert ("#14181d" in text) is (theme == "dark"), export.title
        assert "var(--" not in text, export.title
        assert re.search(r"seeds? \d", text), export.title


@pytest.mark.parametrize(("theme", "paper"), [("light", "#ffffff"), ("dark", "#14181d")])
def test_the_drawing_takes_the_colours_of_the_page(recorded: Feed, theme: str, paper: str) -> None:
    exports = {each.title: each for each in exports_of(recorded, "system", theme)}
    assert f".paper{{fill:{paper}}}" in exports["Drawing without numbers, SVG"].make().decode()


def test_a_list_of_no_rows_says_its_columns(recorded: Feed) -> None:
    for tab, name in (("traces", "Traces"), ("sagas", "Sagas"), ("messages", "Messages")):
        view = next(each for each in TABS if each.name == tab).load()(Desk(recorded, tab=tab, text="nothing has this"))
        view.body()
        view.refresh()
        exports = {each.title: each for each in view.exports()}
        plain = pl.read_csv(io.BytesIO(exports[f"{name}, CSV"].make()))
        assert (plain.height, len(plain.columns) > 5, exports[f"{name}, CSV"].told()) == (0, True, "0 rows")


def test_a_bound_that_was_reached_is_told() -> None:
    (plain, _) = bulk_exports("Rows", "rows", lambda: iter([pl.DataFrame({"n": [1, 2]})]), rows_max=2)
    plain.make()
    assert plain.told() == "2 rows, the most that are taken: filter for the others"


def test_a_picture_with_letters_that_xml_has_not_is_well_formed() -> None:
    made = standing_alone('<svg xmlns="http://www.w3.org/2000/svg"><text>a\x00b\ud800</text></svg>', "dark")
    assert ET.fromstring(made)[0].text == "a\ufffdb\ufffd"  # noqa: S314 - our own
