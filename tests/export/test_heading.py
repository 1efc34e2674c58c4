"""What stands above a body so that it is ordinary Python."""

from __future__ import annotations

from studio.export.heading import heading
from studio.export.placement import paths_of
from studio.graph.system import System
from studio.source.cell import cell_from_text


def heading_of(system: System, name: str) -> str:
    definitions = system.definitions
    paths = paths_of({key: each.source for key, each in definitions.items()}, "shop")
    return heading(definitions[name], definitions, paths)


def test_contracts_import_what_contracts_can_hardly_do_without(shop: System) -> None:
    assert heading_of(shop, "shop") == "from decimal import Decimal\nfrom studio import Contract, S, event"


def test_services_import_contracts_and_modules(shop: System) -> None:
    assert heading_of(shop, "Payment") == (
        "from studio import S, Secret, Service, log, setting\n"
        "\n"
        "from ..contracts.shop import Order, Receipt\n"
        "from ..modules import pricing"
    )


def test_services_are_named_by_handles(shop: System) -> None:
    assert heading_of(shop, "Pay") == 'from studio import handle, sequence\n\nPayment = handle("Payment")'


def test_sagas_import_the_address_that_their_line_names(shop: System) -> None:
    assert heading_of(shop, "Paying") == (
        "from studio import S, Saga\n\nfrom ..compositions.pay import Pay\nfrom ..contracts.shop import Order, Receipt"
    )


def test_sql_needs_nothing(shop: System) -> None:
    assert heading_of(shop, "one_charge") == ""
    assert heading_of(shop, "all_paid") == "from studio import invariant"


def test_a_name_that_the_author_gives_anew_is_the_authors(shop: System) -> None:
    made = cell_from_text("%%contracts own\nclass Retry(Contract):\n    attempts: int\n")
    used = cell_from_text("%%module uses\ndef tries(retry: Retry) -> int:\n    return retry.attempts\n")
    assert made is not None
    assert used is not None
    shop.define(made)
    shop.define(used)
    assert heading_of(shop, "uses") == "from ..contracts.own import Retry"


def test_long_imports_are_wrapped() -> None:
    names = [f"AVeryLongContractName{number}" for number in range(6)]
    system = System()
    for text in (
        "%%contracts long\n" + "\n".join(f"class {name}(Contract): ..." for name in names),
        "%%module uses\n" + "\n".join(f"def f{name}(x: {name}): ..." for name in names),
    ):
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    assert heading_of(system, "uses").splitlines()[:2] == ["from ..contracts.long import (", f"    {names[0]},"]
