"""What an author sees of errors: ours in lines with the place, others without our frames, every line number true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notebook.conftest import SHOP

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


def test_error_of_ours_is_three_lines_and_the_line_it_is_about(notebook: Notebook) -> None:
    assert notebook.fail("%%module tools\na = 1\nb = Retri\nc = 2\n") == (
        "STU212: name=Retri is not defined\n"
        "  in module tools, line 2\n"
        "  Import it, or declare it in a %%contracts or %%module cell. Nearest: Retry, setting, network.\n"
        "\n"
        "    1 | a = 1\n"
        "→   2 | b = Retri\n"
        "    3 | c = 2\n"
    )


def test_syntax_error_shows_its_line_once(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\na = 1\ndef f(:\n")
    assert shown.startswith("STU210: invalid syntax\n    def f(:\n          ^\n  in module tools, line 2\n")
    assert shown.count("def f(:") == 1


def test_authors_own_error_keeps_its_frames_and_loses_ours(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\ndef half(n):\n    return n / 0\nhalf(1)\n")
    assert "<module tools>:3" in shown
    assert "<module tools>:2" in shown
    assert "ZeroDivisionError: division by zero" in shown
    assert "run_cell_magic" not in shown
    assert "studio/" not in shown


def test_error_group_of_an_author_is_shown_as_an_error(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\nraise ExceptionGroup('two', [ValueError('a'), KeyError('b')])\n")
    assert "ExceptionGroup: two (2 sub-exceptions)" in shown
    assert "studio/" not in shown


def test_error_of_ours_in_an_ordinary_cell_shows_the_line(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run("%%service Idle\nx = 1")
    assert notebook.fail("a = 1\nIdle.nothing").endswith("    1 | a = 1\n→   2 | Idle.nothing\n")


def test_ordinary_error_is_shown_as_ever(notebook: Notebook) -> None:
    shown = notebook.fail("1 / 0")
    assert "Traceback (most recent call last)" in shown
    assert "----> 1 1 / 0" in shown


PAYMENT = """%%service Payment --version 1.0.0
@service.operation($.Payment.process, raises=[Declined])
async def process(order: Order) -> Reservation:
    if order.total > 100:
        raise Declined("too much")
    if order.total > 50:
        return await Payment.check(order)
    return order

@service.operation($.Payment.check)
async def check(order: Order) -> Reservation:
    return Reservation(order_id=1 / 0)
"""


@pytest.fixture
def payment(notebook: Notebook) -> Notebook:
    notebook.run(SHOP + "class Declined(ServiceError):\n    status = 402\n")
    notebook.run(PAYMENT)
    notebook.run("world = studio.world(seed=7)")
    return notebook


def call(total: int) -> str:
    return f"world.call($.Payment.process, Order(id='1', total={total}))"


def test_declared_error_of_a_call_is_shown_without_our_frames(payment: Notebook) -> None:
    shown = payment.fail(call(200))
    assert shown.endswith("Declined: too much\n")
    assert "world.call(" in shown
    assert "studio/" not in shown


def test_undeclared_error_of_a_call_is_shown_with_the_callees_line(payment: Notebook) -> None:
    shown = payment.fail(call(60))
    assert shown.startswith(
        "STU431: address=Payment.process failed in the callee: ZeroDivisionError: division by zero (in Payment.check)\n"
        "  in service Payment, line 11\n"
    )
    assert "→  11 |     return Reservation(order_id=1 / 0)" in shown


def test_wrong_answer_to_a_call_is_shown_with_its_remedy(payment: Notebook) -> None:
    shown = payment.fail(call(1))
    assert "STU416: service=Payment operation=process returned Order, declared is Reservation" in shown
    assert "  Return a Reservation, or change the handler's return annotation.\n" in shown


def test_lines_are_shown_as_written(payment: Notebook) -> None:
    assert "→   1 | world.publish($.Payment.process, 1)" in payment.fail("world.publish($.Payment.process, 1)")
    assert "→   1 | @service.operation($.Payment.check)" in payment.fail(
        "%%service Other\n@service.operation($.Payment.check)\nasync def check(order: Order) -> Order: ..."
    )
    assert "    a = 1 +* $.Order.created\n" in payment.fail("%%module wrong\na = 1 +* $.Order.created")


def test_invalid_contract_is_shown_without_the_frames_of_its_library(notebook: Notebook) -> None:
    notebook.run(SHOP)
    shown = notebook.fail("Order(total=1)")
    assert "Field required" in shown
    assert "pydantic/main.py" not in shown


def test_interrupted_world_shows_no_frames(payment: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("studio.simulation.cluster.timetable.Timetable.run_until_ns", press)
    assert payment.fail("world.advance('1h')") == "Interrupted\n"
