"""So many at once, so many waiting, the rest refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from studio.errors import Overloaded
from studio.runtime.admission import Admission

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench


async def stay(admission: Admission, seconds: float, entered: list[int], name: int) -> None:
    await admission.enter()
    entered.append(name)
    await asyncio.sleep(seconds)
    admission.leave()


def test_places_go_to_who_has_waited_longest(bench: Callable[..., Bench]) -> None:
    admission, entered = Admission("A", 1, 10), list[int]()

    async def main() -> None:
        await asyncio.gather(*(stay(admission, 1, entered, name) for name in range(4)))

    bench().run(main())
    assert entered == [0, 1, 2, 3]


def test_a_full_queue_refuses_at_once(bench: Callable[..., Bench]) -> None:
    admission = Admission("A", 1, 0)

    async def main() -> None:
        await admission.enter()
        await admission.enter()

    with pytest.raises(Overloaded, match="1 running and 0 waiting"):
        bench().run(main())


@pytest.mark.parametrize("after_s", [0.5, 1.0], ids=["while it waits", "as it gets its place"])
def test_who_is_cancelled_leaves_no_gap(bench: Callable[..., Bench], after_s: float) -> None:
    admission, entered = Admission("A", 1, 10), list[int]()

    async def main() -> None:
        first = asyncio.ensure_future(stay(admission, 1, entered, 1))
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(stay(admission, 1, entered, 2))
        asyncio.get_running_loop().call_later(after_s, waiting.cancel)
        await asyncio.wait([first, waiting])
        await stay(admission, 1, entered, 3)

    bench().run(main())
    assert entered in ([1, 3], [1, 2, 3])
