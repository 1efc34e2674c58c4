"""Sends and subscriptions, seen without executing."""

from __future__ import annotations

import pytest

from studio.address import S, pattern
from studio.source.cell import Source
from studio.source.uses import Use, uses_of


def uses(body: str) -> list[tuple[str, str, str, int]]:
    found = uses_of(Source("service", "A", body))
    return [
        (use.verb, str(use.target) if use.target else f"{use.handle}.{use.operation}", use.function, use.line)
        for use in found
    ]


@pytest.mark.parametrize("verb", ["call", "publish", "send", "stream"])
def test_each_verb_is_seen(verb: str) -> None:
    assert uses(f"async def f(o):\n    {verb}(S.Order.created, o)") == [(verb, "Order.created", "f", 2)]
    assert uses(f"studio.{verb}('$.Order.created')") == [(verb, "Order.created", "", 1)]


def test_operation_of_a_handle_is_seen_where_its_name_is_free() -> None:
    assert uses("async def f():\n    await Payment.process(Charge())") == [("operation", "Payment.process", "f", 2)]
    assert uses("class Payment: ...\nPayment.process()") == []
    assert uses("import json\njson.dumps(S.x(1))") == []


def test_subscription_names_the_function_it_decorates() -> None:
    body = "@service.on(S.Order.cancelled, '$.Payment.*')\n@other\nasync def release(o): ..."
    assert uses(body) == [("on", "Order.cancelled", "release", 1), ("on", "Payment.*", "release", 1)]


def test_nested_functions_have_qualified_names() -> None:
    body = "class A:\n    def f(self):\n        def g():\n            publish(S.A.b)"
    assert uses(body) == [("publish", "A.b", "A.f.g", 4)]


def test_nested_calls_and_both_branches_are_seen() -> None:
    body = "gather(call(S.A.b if x else S.A.c, send('A.d')))"
    assert [(verb, target) for verb, target, _, _ in uses(body)] == [("call", "A.b"), ("call", "A.c"), ("send", "A.d")]


def test_module_constant_stands_for_its_address() -> None:
    body = "DONE = S.Order.done\nOTHER: str = 'A.b'\npublish(DONE)\npublish(OTHER)"
    assert [target for _, target, _, _ in uses(body)] == ["Order.done", "A.b"]


@pytest.mark.parametrize(
    "body", ["send(address)", "send()", "send('1.bad')", "send(S)", "x.send(S.A.b)", "send(f(S.A))"]
)
def test_what_is_computed_is_left_out(body: str) -> None:
    assert [use for use in uses(body) if use[0] == "send"] == []


def test_target_is_an_address_unless_it_has_wildcards() -> None:
    source = Source("service", "A", "send(S.A.b)\nsend('A.*')\n", first_line=5)
    assert uses_of(source) == (
        Use("send", S.A.b, "", "", "", 5),
        Use("send", pattern("A.*"), "", "", "", 6),
    )


def test_sql_sends_nothing() -> None:
    assert uses_of(Source("invariant", "one", "select send('A.b')")) == ()
