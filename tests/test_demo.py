"""The demonstration, from the first line to the last."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_it_goes_as_it_tells() -> None:
    program = "import sys; from studio.demo import run_demo; sys.exit(run_demo())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "one_charge_per_order is violated." in lines
    assert '+                                headers={"Idempotency-Key": charge.order_id})' in lines
    assert '201 {"id":"order-1","status":"accepted"}' in lines
    assert len([line for line in lines if line.startswith("  order-1  charge-")]) == 3  # two, then one
    assert "\x1b" not in done.stdout
