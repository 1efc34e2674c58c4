"""Records into the log and back: small here; `python benchmarks/record_rate.py --records 1000000` for the figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def script() -> ModuleType:
    """Load the script beside this file."""
    spec = importlib.util.spec_from_file_location("record_rate", Path(__file__).with_name("record_rate.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["record_rate"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recording_stays_within_its_memory() -> None:
    """Peak memory of a recording process stays under a gibibyte; the rates are printed, not judged."""
    figures = {way: script().measure(way, 20_000, 5_000) for way in ("studio", "bare")}
    for way, figure in figures.items():
        print(f"{way}: {figure.rate:,.0f} records/s, peak {figure.peak_mib:,.0f} MiB")
    assert figures["studio"].peak_mib < 1024
