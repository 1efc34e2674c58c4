"""Declare a service: its operations, subscriptions, endpoints, jobs, health, data, metrics and clients."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, Unpack

from studio.address import Address, last, parse, pattern
from studio.contract import ServiceError, codec
from studio.errors import DuplicateMember, FallbackChangesState, InvalidDeclaration, UnknownMember, Where
from studio.model.data import Collection
from studio.model.declaring import declare
from studio.model.duration import duration_ns
from studio.model.handle import OperationHandle, ServiceHandle
from studio.model.member import KINDS, Endpoint, Health, HealthCheck, Job, Kind, Operation, Subscription
from studio.model.metric import Metric, MetricKind
from studio.model.policy import NO_RETRY
from studio.model.policy_set import DEFAULT_TIMEOUT_NS, NONE_DECLARED, Policies, PolicyOptions, policies
from studio.model.schedule import check_schedule
from studio.model.signature import read_signature, where_of
from studio.model.third_party import Client
from studio.model.verbs import Secret

__all__ = ["KINDS", "Endpoint", "Health", "HealthCheck", "Job", "Kind", "Operation", "Service", "Subscription"]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Value = TypeVar("Value")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ACK_WAIT, _MAX_DELIVER = "30s", 5


@dataclass(slots=True)
class Service:
    """A service: a named, versioned part of the system with data and handlers of its own.

    Its module is executed afresh for every incarnation of every replica, so its globals are that process's memory.
    Where it was imported by plain Python, `Inventory.reserve(...)` calls an operation. The names below win over an
    operation of the same name (`get`, `post`, `on`, `name`, …): use `call(S.Inventory.get, …)` for that.

    Args:
        name: Such as `Inventory`.
        version: Semantic version.
        kind: What it mainly does; a kind that disagrees with its members is a finding.
        replicas: How many run.
        concurrency: Messages that one replica handles at once; 0 for no bound.
        queue: Messages that wait at one replica before more are refused.
        policies: Of the calls of it; see `policy`.

    Example:
        service = Service("Inventory", version="1.2.0", kind="command", replicas=2)
    """

    name: str
    version: str = ""
    kind: Kind | Literal[""] = ""
    replicas: int = 1
    concurrency: int = 0
    queue: int = 1000
    doc: str = ""
    operations: dict[str, Operation] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    checks: list[HealthCheck] = field(default_factory=list)
    collections: dict[str, Collection[Any]] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    policies: Policies = NONE_DECLARED

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise self._invalid("", "its name is no Python name", "Use letters, digits and underscores: Inventory.")
        if self.kind and self.kind not in KINDS:
            raise self._invalid(f"kind={self.kind!r}", "unknown kind", f"Use one of {', '.join(KINDS)}.")
        if self.replicas < 1 or self.concurrency < 0 or self.queue < 0:
            raise self._invalid(
                "replicas, concurrency, queue", "out of range", "Give at least one replica, and no negative numbers."
            )
        declare(self)

    def __repr__(self) -> str:
        return f"Service({self.name!r}, version={self.version!r}, {len(self.operations)} operations)"

    def __getattr__(self, name: str) -> OperationHandle:
        """Return an operation's handle, so that a service imported from a plain module can be called and wired."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(ServiceHandle(self.name, self), name)  # type: ignore[no-any-return]

    # -- policies ---------------------------------------------------------------------------------------------------

    def policy(self, **options: Unpack[PolicyOptions]) -> None:
        """State the policies under which others call this service; an operation's own and a call's win over them.

        Args:
            options: See `PolicyOptions`: retry, timeout, deadline, breaker, bulkhead, balance, discovery, fallback.

        Raises:
            FallbackChangesState: The service is of kind command.

        Example:
            service.policy(breaker=Breaker(failures=5, open_for="60s"), deadline="2s")
        """
        declared = policies(f"service={self.name}", options)
        if declared.fallback and self.kind == "command":
            raise FallbackChangesState(operation=f"{self.name} (kind=command)")
        self.policies = declared

    # -- handlers ---------------------------------------------------------------------------------------------------

    def operation(
        self,
        address: Address | str,
        *,
        idempotent: bool = False,
        transactional: bool = False,
        reads_only: bool = False,
        raises: Sequence[type[ServiceError]] = (),
        window: str = "24h",
        **options: Unpack[PolicyOptions],
    ) -> Callable[[Handler], Handler]:
        """Own a command: the decorated function (or composition) answers calls of an address.

        On a crash a call may have run without an answer; callers see `CallTimeout`. With `idempotent=True` a repeated
        call under the same key gets the kept answer, and another payload under that key is refused.

        Args:
            address: `$.Inventory.reserve`; this service alone answers it.
            idempotent: Keep answers under the call's key.
            transactional: Commit writes, events and the key together or not at all.
            reads_only: It changes nothing, so that it may be asked again and a fallback may answer for it; so are all
                operations of a service of kind query.
            raises: Declared errors; any other exception reaches the caller as `UndeclaredError`.
            window: How long answers are kept.
            options: Policies of the calls of it, see `PolicyOptions`: `retry` (for idempotent operations and those that
                only read, unless `Retry(only="all")`), `timeout` (5 s where nobody states one), `deadline`, `breaker`,
                `bulkhead`, `balance`, `discovery`, `fallback`.

        Raises:
            FallbackChangesState: It has a fallback, and does not only read.
        """
        text = str(parse(address))
        declared = policies(f"operation={text}", options)
        only_reads = reads_only or (self.kind == "query" and not transactional)
        self._check_promises(text, declared, reads_only=only_reads, transactional=transactional)

        def keep(function: Handler) -> Handler:
            takes, returns = self._shape(function, last(parse(text)))
            operation = Operation(
                text,
                last(parse(text)),
                function,
                takes,
                returns,
                tuple(raises),
                idempotent,
                transactional,
                duration_ns(window),
                declared.retry or NO_RETRY,
                declared.timeout_ns or DEFAULT_TIMEOUT_NS,
                where_of(function),
                only_reads,
                declared,
            )
            if text in self.operations or any(o.name == operation.name for o in self.operations.values()):
                raise DuplicateMember(service=self.name, what=f"operation {text}", where=operation.where)
            self.operations[text] = operation
            return function

        return keep

    def on(
        self,
        *addresses: Address | str,
        transactional: bool = False,
        idempotent: bool = False,
        ack_wait: str | None = None,
        max_deliver: int | None = None,
        in_flight: int = 64,
    ) -> Callable[[Handler], Handler]:
        """Subscribe to events: delivered at least once to one replica of this service.

        A delivery that is not acknowledged within `ack_wait`, or whose handler raises, comes again with backoff, at
        most `max_deliver` times; then it is dead-lettered. What a broker does where neither is stated, and how it
        keeps to them where they are, is in its page under docs/delivery; Kafka, for one, tries for ever.

        Args:
            addresses: `$.Order.created`, or patterns in quotes: `"$.Order.*"`, `"$.Order.>"`.
            transactional: Commit writes, events and the handled message's id together or not at all.
            idempotent: Remember handled messages, so that a redelivery is acknowledged without running again.
            ack_wait: Time for one delivery; by default 30 s, or what the simulated broker has.
            max_deliver: Deliveries in all; by default 5, or what the simulated broker has.
            in_flight: Deliveries under way at once.
        """
        patterns = tuple(str(pattern(address)) for address in addresses)
        deliveries = _MAX_DELIVER if max_deliver is None else max_deliver
        bounds = {"ack_wait": ack_wait, "max_deliver": max_deliver}
        stated = frozenset(name for name, value in bounds.items() if value is not None)
        if not patterns or deliveries < 1 or in_flight < 1:
            raise self._invalid(
                "on()", "needs an address, max_deliver ≥ 1 and in_flight ≥ 1", "Give an event's address."
            )

        def keep(function: Handler) -> Handler:
            name = getattr(function, "__name__", None) or getattr(function, "name", "") or "handler"
            if any(name == known.name for known in self.subscriptions):
                raise DuplicateMember(service=self.name, what=f"subscription {name}", where=where_of(function))
            takes, _ = self._shape(function, name)
            self.subscriptions.append(
                Subscription(
                    patterns,
                    name,
                    function,
                    takes,
                    transactional,
                    idempotent,
                    duration_ns(_ACK_WAIT if ack_wait is None else ack_wait),
                    deliveries,
                    in_flight,
                    where_of(function),
                    stated,
                )
            )
            return function

        return keep

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Answer HTTP GET of a path; `options` are those of a FastAPI route."""
        return self._endpoint("GET", path, options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Answer HTTP POST of a path; `options` are those of a FastAPI route."""
        return self._endpoint("POST", path, options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Answer HTTP PUT of a path; `options` are those of a FastAPI route."""
        return self._endpoint("PUT", path, options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Answer HTTP PATCH of a path; `options` are those of a FastAPI route."""
        return self._endpoint("PATCH", path, options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Answer HTTP DELETE of a path; `options` are those of a FastAPI route."""
        return self._endpoint("DELETE", path, options)

    def job(self, schedule: str) -> Callable[[Handler], Handler]:
        """Run on a schedule, once per tick whatever the replicas; a tick during which none lives is missed.

        Args:
            schedule: Cron, five fields (six with seconds), UTC: `"0 0 * * *"`.
        """

        def keep(function: Handler) -> Handler:
            check_schedule(schedule, service=self.name, job=function.__name__, where=where_of(function))
            self._plain(function, "job")
            if any(function.__name__ == known.name for known in self.jobs):
                raise DuplicateMember(service=self.name, what=f"job {function.__name__}", where=where_of(function))
            self.jobs.append(Job(schedule, function.__name__, function, where_of(function)))
            return function

        return keep

    def health(self, *, interval: str = "30s") -> Callable[[Handler], Handler]:
        """Check the service at an interval; returns `Health`, and raising means not healthy.

        Args:
            interval: Between two checks, above zero.
        """
        interval_ns = duration_ns(interval)
        if not interval_ns:
            raise self._invalid("health(interval)", "is zero", 'Give an interval such as "30s".')

        def keep(function: Handler) -> Handler:
            self._plain(function, "health check")
            self.checks.append(HealthCheck(interval_ns, function.__name__, function, where_of(function)))
            return function

        return keep

    # -- data, metrics, third parties -------------------------------------------------------------------------------

    def collection(
        self, name: str, contract: type[Value], *, key: str, unique: Sequence[str] = ()
    ) -> Collection[Value]:
        """Declare a collection of documents that this service alone owns."""
        if name in self.collections:
            raise DuplicateMember(service=self.name, what=f"collection {name}")
        collection = Collection(self.name, name, contract, key=key, unique=tuple(unique))
        self.collections[name] = collection
        return collection

    def counter(self, name: str, *, labels: Sequence[str] = ()) -> Metric:
        """Declare a metric that only goes up."""
        return self._metric(name, "counter", labels)

    def gauge(self, name: str, *, labels: Sequence[str] = ()) -> Metric:
        """Declare a metric that goes up and down."""
        return self._metric(name, "gauge", labels)

    def histogram(self, name: str, *, labels: Sequence[str] = (), buckets: Sequence[float] = ()) -> Metric:
        """Declare a metric of observations in buckets."""
        return self._metric(name, "histogram", labels, tuple(buckets))

    def summary(self, name: str, *, labels: Sequence[str] = ()) -> Metric:
        """Declare a metric of observations whose quantiles are wanted."""
        return self._metric(name, "summary", labels)

    def client(self, name: str, *, base_url: str, auth: Secret | None = None, timeout: str = "5s") -> Client:
        """Declare a client of a third party: httpx when real, the `%%external` stub of that name when simulated."""
        duration_ns(timeout)
        if name in self.clients:
            raise DuplicateMember(service=self.name, what=f"client {name}")
        self.clients[name] = Client(self.name, name, base_url, auth, timeout)
        return self.clients[name]

    # -- look-ups ---------------------------------------------------------------------------------------------------

    def operation_named(self, name: str) -> Operation:
        """Return the operation of that name.

        Raises:
            UnknownMember: Names those that exist.
        """
        for operation in self.operations.values():
            if operation.name == name:
                return operation
        known = ", ".join(sorted(operation.name for operation in self.operations.values())) or "it has none"
        raise UnknownMember(service=self.name, member=name, known=known)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _check_promises(self, address: str, declared: Policies, *, reads_only: bool, transactional: bool) -> None:
        if reads_only and transactional:
            raise self._invalid(f"operation={address}", "reads only, and commits", "Take one of the two away.")
        if declared.fallback and not reads_only:
            raise FallbackChangesState(operation=address)

    def _shape(self, function: Any, what: str) -> tuple[Any, Any]:
        """Return the contracts that a handler takes and returns; a composition knows its own."""
        if not hasattr(function, "__code__") and hasattr(function, "stages"):
            return function.takes, function.returns
        signature = read_signature(function)
        required = [parameter for parameter in signature.parameters if not parameter.optional]
        if len(required) > 1 or not signature.is_async or inspect.isasyncgenfunction(function):
            raise self._invalid(
                what,
                "a handler is `async def` with one parameter, the message",
                "Write `async def name(message: Contract) -> Answer:`.",
                where_of(function),
            )
        for kind in (signature.takes, signature.returns):
            codec(kind)  # refuses, in the cell where it stands, what cannot cross a wire
        return signature.takes, signature.returns

    def _plain(self, function: Any, what: str) -> None:
        """Refuse what cannot be run without a message."""
        signature = read_signature(function)
        if not signature.is_async or any(not parameter.optional for parameter in signature.parameters):
            raise self._invalid(
                f"{what}={function.__name__}",
                f"a {what} is `async def` without parameters",
                f"Write `async def {function.__name__}():`.",
                where_of(function),
            )

    def _endpoint(self, method: str, path: str, options: dict[str, Any]) -> Callable[[Handler], Handler]:
        if not path.startswith("/"):
            raise self._invalid(f"path={path!r}", "a path begins with /", f'Write "/{path}".')
        if any((method, path) == (known.method, known.path) for known in self.endpoints):
            raise DuplicateMember(service=self.name, what=f"endpoint {method} {path}")

        def keep(function: Handler) -> Handler:
            self.endpoints.append(
                Endpoint(
                    method,
                    path,
                    function.__name__,
                    function,
                    read_signature(function),
                    tuple(options.items()),
                    where_of(function),
                )
            )
            return function

        return keep

    def _metric(self, name: str, kind: MetricKind, labels: Sequence[str], buckets: tuple[float, ...] = ()) -> Metric:
        if name in self.metrics:
            raise DuplicateMember(service=self.name, what=f"metric {name}")
        self.metrics[name] = Metric(self.name, name, kind, tuple(labels), buckets)
        return self.metrics[name]

    def _invalid(self, what: str, reason: str, remedy: str, where: Where | None = None) -> InvalidDeclaration:
        return InvalidDeclaration(
            what=f"service={self.name} {what}".rstrip(), reason=reason, remedy_text=remedy, where=where
        )
