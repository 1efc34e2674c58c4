"""What a fault plan costs that never strikes: bare request-reply with it against the same without any plan.

One plan waits for an hour that the run does not come to; one strikes other addresses and another service; one crashes
another service at a point that it never reaches. Nothing is recorded, so that nothing hides what the machinery takes.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from studio import crash, crash_at, latency, lose
from studio.model.fault import Fault

ROUNDS = 9

PLANS: dict[str, tuple[Fault, ...]] = {
    "no plan": (),
    "in a later hour": (lose("Echo.echo", at="10000h"), latency("Echo.echo", "1s", at="10000h")),
    "elsewhere": (lose("Other.act", probability=0.5), crash("Other", at="10000h")),
    "at another's points": (crash_at("before-handler", "Other"),),
}


def test_plan_that_never_strikes(request_reply: Callable[..., int], large: bool) -> None:
    calls = 400 if large else 60
    times: dict[str, list[float]] = {name: [] for name in PLANS}
    count = 0
    for _ in range(ROUNDS + 1):  # by turns, and the best of each: a busy machine is fair to all
        for name, plan in PLANS.items():
            took_s, count = spent_s(functools.partial(request_reply, calls, None, plan))
            times[name].append(took_s)
    best = {name: min(each[1:]) for name, each in times.items()}
    print(f"\nrequest-reply under plans that never strike, {count:,} calls")
    for name, took_s in best.items():
        print(f"  {name:<20} {count / took_s:10,.0f} calls/s  {took_s / best['no plan'] - 1:+6.1%}")


def spent_s(work: Callable[[], int]) -> tuple[float, int]:
    """Return the processor time that some calls take, and how many they were."""
    start = time.process_time()
    calls = work()
    return time.process_time() - start, calls
