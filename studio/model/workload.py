"""Declare workloads: which messages come from outside, by which process they arrive, made of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal, get_args

from studio.address import Address, parse
from studio.errors import InvalidWorkload
from studio.model.declaring import scenario_demanded
from studio.model.distribution import Zipf
from studio.model.duration import duration_ns, optional_ns

__all__ = ["Process", "Rate", "Workload", "workload", "workload_of"]

Process = Literal["poisson", "fixed", "bursty"]
Rate = float | Sequence[tuple[str, float]]
CALM = 9
"""Calm lasts so many times as long as a burst, on average, where nothing else is stated."""
FACTOR = 10.0


@dataclass(frozen=True, slots=True)
class Workload:
    """Messages from outside.

    Attributes:
        address: Where they go: an event is published, a command called.
        rate_per_s: Mean arrivals over the long run; 0 for a list, and where `steps` say it.
        arrivals: `poisson`, `fixed` or `bursty`.
        messages: The messages themselves; when empty they are made from the contract and the seed.
        like: Contract to make data from; None takes the address's own.
        count: At most so many; 0 for as long as the run's duration allows.
        skew: Field path to skew.
        changes: Fixed field values for made data.
        steps: Instants since the run began, rising, and the rate from each on.
        burst_ns: Mean length of a burst, and `calm_ns` of what lies between two.
        factor: How many times the calm's rate a burst has.
    """

    address: str
    rate_per_s: float = 0.0
    arrivals: Process = "poisson"
    messages: tuple[Any, ...] = ()
    like: Any = None
    count: int = 0
    skew: tuple[tuple[str, Zipf], ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()
    from_ns: int = 0
    until_ns: int = 0
    every_ns: int = 0
    steps: tuple[tuple[int, float], ...] = ()
    burst_ns: int = 0
    calm_ns: int = 0
    factor: float = 1.0

    @property
    def is_paced(self) -> bool:
        """Whether messages arrive by a rate; else one `every_ns`."""
        return bool(self.rate_per_s or self.steps)


def workload(  # noqa: PLR0913 - one line of a scenario, all but two by keyword
    address: Address | str,
    messages: Sequence[Any] = (),
    *,
    rate_per_s: Rate = 0.0,
    arrivals: Process = "poisson",
    burst: str | None = None,
    calm: str | None = None,
    factor: float | None = None,
    like: Any = None,
    count: int = 0,
    skew: Mapping[str, Zipf] | None = None,
    at: str = "0s",
    until: str = "",
    every: str = "0s",
    **changes: Any,
) -> None:
    """State what is asked of the system, from outside.

    Arrivals hang on the seed alone: one workload more, or a fault, shifts none of another's.

    `poisson`: independent arrivals, the gaps exponential. `fixed`: evenly spaced. `bursty`: a Poisson process whose
    rate switches between two values (a Markov-modulated Poisson process of two states, which begins calm); the lengths
    of calm and burst are exponential, a burst has `factor` times the rate of the calm, and over the long run there are
    `rate_per_s` arrivals per second.

    Args:
        address: Event to publish or command to call.
        messages: A list to send, `every` so often from `at` on; without it they are made of the contract and the seed.
        rate_per_s: Mean arrivals per second of virtual time; or steps, `[("0s", 5), ("1m", 50)]`: from each instant
            since the run began on, so many.
        arrivals: `poisson`, `fixed` or `bursty`.
        burst: Mean length of a burst; 10 s where arrivals are bursty.
        calm: Mean length of what lies between two bursts; nine times `burst`.
        factor: How many times the calm's rate a burst has; 10.
        like: Contract, or an example message whose fields are kept where not varied.
        count: Stop after so many, whichever way they arrive.
        skew: Field path to a skewed choice, `{"customer.id": Zipf(1.1)}`; also of the field that is an event's key.
        at: First instant.
        until: Last instant; by default the scenario's duration.
        every: Interval between messages where there is no rate.
        changes: Fields to fix in made messages.

    Raises:
        InvalidWorkload: It says nothing, or what contradicts itself.
    """
    scenario = scenario_demanded("workload")
    made = workload_of(
        address, messages, rate_per_s=rate_per_s, arrivals=arrivals, burst=burst, calm=calm, factor=factor, like=like,
        count=count, skew=skew, from_ns=duration_ns(at), until_ns=duration_ns(until or scenario.duration), every=every,
        changes=changes,
    )  # fmt: skip
    scenario.workloads.append(made)


def workload_of(  # noqa: PLR0913 - one line of a scenario, by keyword
    address: Address | str,
    messages: Sequence[Any],
    *,
    rate_per_s: Rate,
    arrivals: Process,
    burst: str | None,
    calm: str | None,
    factor: float | None,
    like: Any,
    count: int,
    skew: Mapping[str, Zipf] | None,
    from_ns: int,
    until_ns: int,
    every: str,
    changes: Mapping[str, Any],
) -> Workload:
    """Return the workload that an author's words mean; they are those of `workload`, but that instants are numbers.

    Raises:
        InvalidWorkload: It says nothing, or what contradicts itself.
    """
    refusing = _Refusing(str(address))
    steps, rate = _steps(refusing, rate_per_s)
    made = Workload(
        str(parse(address)),
        rate,
        arrivals,
        tuple(messages),
        like,
        count,
        tuple(sorted((skew or {}).items())),
        tuple(sorted(changes.items())),
        from_ns,
        until_ns,
        duration_ns(every),
        steps,
    )
    _check(refusing, made)
    return _with_bursts(refusing, made, burst, calm, factor)


class _Refusing:
    """Makes the errors of one workload."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, reason: str, remedy: str) -> InvalidWorkload:
        return InvalidWorkload(address=self.address, reason=reason, remedy_text=remedy)


def _steps(refusing: _Refusing, rate: Rate) -> tuple[tuple[tuple[int, float], ...], float]:
    """Return the steps of a rate, empty where it is one number, and that number."""
    if isinstance(rate, (int, float)):
        if not isfinite(rate) or rate < 0:
            raise refusing(f"rate_per_s={rate} is no rate", "Give messages per second: rate_per_s=20.")
        return (), float(rate)
    steps = tuple((duration_ns(at), float(per_s)) for at, per_s in rate)
    instants = [at for at, _ in steps]
    if not steps or instants != sorted(set(instants)) or any(not isfinite(each) or each < 0 for _, each in steps):
        raise refusing(
            f"rate_per_s={rate!r} is no stairs: instants must rise, and rates be 0 or more",
            'Give them in order: rate_per_s=[("0s", 5), ("1m", 50)].',
        )
    if not any(each for _, each in steps):
        raise refusing(f"rate_per_s={rate!r} lets nothing arrive", "Give at least one step a rate above 0.")
    return steps, 0.0


def _check(refusing: _Refusing, made: Workload) -> None:
    """Refuse what says nothing, or contradicts itself."""
    if made.arrivals not in get_args(Process):
        raise refusing(f"arrivals={made.arrivals!r} is unknown", f"Use one of {', '.join(get_args(Process))}.")
    if made.count < 0 or not (made.messages or made.is_paced or made.count):
        raise refusing(
            "it has neither messages nor a rate nor a count, or a negative one",
            "Give a list of messages, or rate_per_s=….",
        )
    if made.is_paced and made.every_ns:
        raise refusing("it has both a rate and every=…", "Keep one: rate_per_s=…, or every=… between two messages.")
    if made.count and made.messages:
        raise refusing(f"count={made.count} beside a list of messages", "Shorten the list, or leave it to the seed.")
    if made.until_ns < made.from_ns:
        raise refusing("it ends before it begins", "Let until=… be later than at=…, and both within the duration.")


def _with_bursts(
    refusing: _Refusing, made: Workload, burst: str | None, calm: str | None, factor: float | None
) -> Workload:
    """Return a workload with its bursts, where it has them."""
    if made.arrivals != "bursty":
        if (burst, calm, factor) != (None, None, None):
            raise refusing(f"burst, calm and factor are not for arrivals={made.arrivals!r}", 'Use arrivals="bursty".')
        return made
    if not made.rate_per_s:
        raise refusing("bursts need one rate over the long run", 'Give one: rate_per_s=20, arrivals="bursty".')
    burst_ns = optional_ns(burst) or duration_ns("10s")
    calm_ns = CALM * burst_ns if calm is None else duration_ns(calm)
    times = FACTOR if factor is None else float(factor)
    if not isfinite(times) or times <= 1 or not calm_ns:
        raise refusing(
            f"factor={times:g}, calm={calm or 'nine bursts'}: a burst is no burst",
            "Give a factor above 1, and a calm longer than nothing.",
        )
    return replace(made, burst_ns=burst_ns, calm_ns=calm_ns, factor=times)
