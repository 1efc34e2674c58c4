"""Hold what one incarnation of a caller remembers for its policies, and say for each address what a call goes through.

Breakers, budgets, bulkheads, lists of replicas and last good answers are this process's memory: each replica has its
own, and a crash forgets them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from studio.graph.governing import policies_of
from studio.model.policy import Budget
from studio.model.policy_set import Policies, Resolved
from studio.records import PolicyChange
from studio.runtime.admission import Admission
from studio.runtime.policies.allowance import Allowance
from studio.runtime.policies.balancing import Balancer
from studio.runtime.policies.breaker import Circuit
from studio.runtime.policies.larder import Larder
from studio.runtime.policies.pipeline import Carry, Trip, carrier
from studio.runtime.policies.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from studio.ports import Ports
    from studio.runtime.acting import Handling
    from studio.runtime.program import OperationPlan, Program

__all__ = ["CallerPolicies", "Course"]

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """All that calls of one address go through.

    Attributes:
        resolved: The policies.
        circuit: The breaker's state, and likewise; None where the policy is not declared.
        guarded: Whom the breaker stands for: the address, or the callee.
    """

    resolved: Resolved
    circuit: Circuit | None
    guarded: str
    allowance: Allowance | None
    places: Admission | None
    balancer: Balancer | None
    roster: Roster | None
    carry: Carry


class CallerPolicies:
    """The policies of one incarnation of a caller.

    Args:
        name: Of the service or saga.
        number: Of its replica.
        program: What runs.
        ports: Its ports.
    """

    __slots__ = ("_courses", "_kept", "_name", "_number", "_ports", "_program", "larder")

    def __init__(self, name: str, number: int, program: Program, ports: Ports) -> None:
        self._name, self._number, self._program, self._ports = name, number, program, ports
        self._courses: dict[str, Course] = {}
        self._kept: dict[tuple[str, str, Hashable], Any] = {}
        self.larder = Larder()

    def carry(  # noqa: PLR0917 - one caller
        self, handling: Handling, plan: OperationPlan, own: Policies | None, message: Any, body: bytes, key: str,
        causal: int,
    ) -> Awaitable[Any]:  # fmt: skip
        """Carry a call through its policies.

        Args:
            handling: On whose behalf.
            plan: Of the operation.
            own: Policies that the call itself declares.
            message: What is asked.
            body: The same, encoded.
            key: Its idempotency key.
            causal: Its causal key.

        Raises:
            FallbackChangesState: The call has a fallback, and the operation does not only read.
        """
        course = self._courses.get(plan.address) if own is None else self._course(plan, own)
        if course is None:
            course = self._courses[plan.address] = self._course(plan, None)
        return course.carry(Trip(handling, self, course, plan, message, body, key, causal))

    def allowance(self, target: str, budget: Budget | None) -> Allowance | None:
        """Return what is left of a budget for retries: of the calls to a callee, or of a saga's step."""
        return None if budget is None else self._keep("budget", target, budget, lambda: Allowance(budget))

    def note(self, handling: Handling, policy: str, target: str, change: str, detail: str = "") -> None:
        """Record what a policy did."""
        if self._ports.recorder is not None:
            self._ports.recorder.write(
                PolicyChange(
                    self._ports.clock.now_ns(), self._name, self._number, policy, target, change, detail,
                    handling.cause, handling.span, handling.trace,
                )
            )  # fmt: skip

    def _course(self, plan: OperationPlan, own: Policies | None) -> Course:
        resolved = policies_of(self._program.graph, self._name, plan.address, own)
        owner, bulkhead = plan.owner, resolved.bulkhead
        breaker = resolved.breaker
        guarded = owner if breaker is not None and breaker.scope == "callee" else plan.address
        balance, roster = self._choosing(owner, resolved)
        return Course(
            resolved,
            None if breaker is None else self._keep("breaker", guarded, breaker, lambda: Circuit(breaker)),
            guarded,
            self.allowance(owner, resolved.retry.budget),
            None
            if bulkhead is None
            else self._keep("bulkhead", owner, bulkhead, lambda: Admission(owner, bulkhead.concurrent, bulkhead.queue)),
            balance,
            roster,
            carrier(resolved, can_choose=roster is not None),
        )

    def _choosing(self, owner: str, resolved: Resolved) -> tuple[Balancer | None, Roster | None]:
        """Return how to choose among a callee's replicas; None where nobody said so, or the engine cannot."""
        directory, discovery = self._ports.directory, resolved.discovery
        if directory is None or (resolved.balance is None and discovery is None):
            return None, None
        balance = resolved.balance or "round-robin"
        return (
            self._keep("balance", owner, balance, lambda: Balancer(balance)),
            self._keep("discovery", owner, discovery, lambda: Roster(owner, directory, discovery)),
        )

    def _keep(self, policy: str, target: str, declared: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return the state of a policy for a target; declarations that differ have states of their own."""
        at = (policy, target, declared)
        if at not in self._kept:
            self._kept[at] = make()
        return self._kept[at]  # type: ignore[no-any-return]
