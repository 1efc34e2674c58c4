"""Say in words what is declared: retries, distributions, workloads; faults are worded by the simulation."""

from __future__ import annotations

from typing import Any

from studio.contract import type_name
from studio.model.distribution import Constant, Distribution, Exponential, LogNormal, Pareto, Uniform
from studio.model.duration import duration_ns, format_ns
from studio.model.policy import Retry
from studio.model.scenario import Workload

__all__ = [
    "count",
    "distribution_words",
    "listed",
    "retry_words",
    "target_words",
    "type_words",
    "workload_words",
]


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 replica`, `2 replicas`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: list[str]) -> str:
    """Return `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def type_words(kind: Any) -> str:
    """Return how a type reads; what is not annotated is `anything`, a declared nothing is `nothing`."""
    if kind is Any:
        return "anything"
    return "nothing" if kind is None or kind is type(None) else type_name(kind)


def retry_words(retry: Retry) -> str:
    """Return `3 attempts`, with the wait where it is not doubled, and what is never tried again; empty for one."""
    if retry.attempts == 1:
        return ""
    backoff = {"fixed": f" every {_usual(retry.first)}", "none": " at once"}.get(retry.backoff, "")
    never = f", never on {listed([each.__name__ for each in retry.never])}" if retry.never else ""
    return f"{retry.attempts} attempts{backoff}{never}"


def distribution_words(value: Distribution) -> str:
    """Return `40 ms`, `exponential, mean 40 ms`, and so on."""
    match value:
        case Constant(value=text):
            return _usual(text)
        case Uniform(low=low, high=high):
            return f"evenly {_usual(low)} to {_usual(high)}"
        case Exponential(mean=mean):
            return f"exponential, mean {_usual(mean)}"
        case LogNormal(median=median, sigma=sigma):
            return f"log-normal, median {_usual(median)}, sigma {sigma:g}"
        case Pareto(least=least, alpha=alpha):
            return f"heavy tail from {_usual(least)}, alpha {alpha:g}"
    return repr(value)


def workload_words(workload: Workload, end_ns: int) -> str:
    """Return how often messages come, of what, and when, where that is not until the end of the scenario."""
    parts = [_arrivals(workload)]
    if workload.like is not None:
        example = workload.like if isinstance(workload.like, type) else type(workload.like)
        parts.append(f"made like {type_name(example)}")
    parts += [f"{field} skewed (Zipf {zipf.exponent:g} over {zipf.values:,})" for field, zipf in workload.skew]
    parts += [f"{field} = {value!r}" for field, value in workload.changes]
    until_ns = None if workload.until_ns in (0, end_ns) else workload.until_ns
    return ", ".join(filter(None, (*parts, _span(workload.from_ns, until_ns))))


def target_words(target: str) -> str:
    """Return a target as authors write it: an address with its `$.`, a service or third party by its name."""
    return f"$.{target}" if "." in target else target


def _arrivals(workload: Workload) -> str:
    if workload.messages:
        every = f", one every {format_ns(workload.every_ns)}" if workload.every_ns else ""
        return f"{count(len(workload.messages), 'message')}{every}"
    most = count(workload.count, "message") if workload.count else ""
    rate = _rate(workload)
    if most and not rate and workload.every_ns:
        return f"{most}, one every {format_ns(workload.every_ns)}"
    return f"{most} at {rate}" if most and rate else most or rate


def _rate(workload: Workload) -> str:
    """Return how many arrive per second, by which process; empty where they arrive by no rate."""
    if workload.steps:
        stairs = ", ".join(f"{rate:g} from {format_ns(at_ns)}" for at_ns, rate in workload.steps)
        return f"{stairs} per second ({workload.arrivals})"
    if not workload.rate_per_s:
        return ""
    bursts = (
        f", bursts of {format_ns(workload.burst_ns)} at {workload.factor:g} times the rate"
        f" every {format_ns(workload.burst_ns + workload.calm_ns)}"
        if workload.burst_ns
        else ""
    )
    return f"{workload.rate_per_s:g} per second ({workload.arrivals}{bursts})"


def _span(from_ns: int, until_ns: int | None) -> str:
    if not from_ns:
        return "" if until_ns is None else f"until {format_ns(until_ns)}"
    return f"from {format_ns(from_ns)}" + ("" if until_ns is None else f" to {format_ns(until_ns)}")


def _usual(text: str) -> str:
    return format_ns(duration_ns(text))
