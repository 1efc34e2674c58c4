"""List what is each form's own, a row for each kind of fault; what all kinds share stands in `fault_form`.

What a field holds at first is what the kind has by default, or what its constructor gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from studio.model.faults.clock_faults import PPM_MAX

__all__ = ["ROWS", "Part", "Row"]

ALL = ("at", "until", "probability", "occurrence", "every", "source", "to")
SENT = ("at", "until", "probability", "occurrence", "every", "source")
DRAWN = ("at", "until", "probability", "occurrence", "every")
WINDOW = ("at", "until")
INSTANT = ("at",)


@dataclass(frozen=True, slots=True)
class Part:
    """A field of one kind; what it does not state follows from the type that the fault's field has.

    Attributes:
        attribute: Of the fault.
        label: For people.
        about: What it means, in one line.
        options: Further attributes of the form's field.
    """

    attribute: str
    label: str
    about: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """The form of one kind.

    Attributes:
        kind: As in plans.
        family: Under which it is listed.
        title: For people.
        about: What the fault does, in one line.
        parts: Its own fields.
        shared: Names of the fields that all kinds share and this one heeds.
        defaults: Of shared fields, where the constructor gives others.
    """

    kind: str
    family: str
    title: str
    about: str
    parts: tuple[Part, ...] = ()
    shared: tuple[str, ...] = ALL
    defaults: dict[str, Any] = field(default_factory=dict)


def _part(attribute: str, label: str, about: str = "", **options: Any) -> Part:
    return Part(attribute, label, about, options)


FIRST = {"occurrence": "1"}
LEG_OF_LOSS = "request: it never ran; reply: it ran; acknowledgement: it comes again; publish: it was never stored"
DOWN_FOR = _part("down_ns", "Down for", "Until the next incarnation starts")
REPLICA = _part("replica", "Replica", "Of targets that name none; from 1", low=1, span=(1, 8))
TIMES = _part(
    "times", "Dies", "How often in all; above 1 it is caught in a crash loop", low=1, span=(1, 10), unit="times"
)
DURING = _part("during", "During", "Of a saga's step: the action itself, or what undoes it")
BY = _part("by_ns", "Off by")
OPERATION = _part("operation", "Operation")
EXTRA = _part("extra", "Takes longer by")

ROWS: tuple[Row, ...] = (
    Row("lose", "Network", "Lose messages", "Messages vanish on their way.",
        (_part("leg", "On the way", LEG_OF_LOSS),)),
    Row("latency", "Network", "Slow network", "Messages take longer on their way.",
        (EXTRA, _part("leg", "On the way"))),
    Row("timeout", "Network", "Time out", "A call gets no answer in time.",
        (_part("ran", "The work is done all the same", "The caller cannot tell"),)),
    Row("refuse", "Network", "Refuse connections", "A call finds nobody: it never ran, and the caller knows."),
    Row("late", "Network", "Late replies", "A reply comes when the caller has given up.",
        (_part("by_ns", "Late by", "After the caller's deadline"),)),
    Row("partition", "Network", "Partition", "Two sides do not reach each other.",
        (_part("ways", "Cut off", "both; to: only what goes to the targets; from: only what comes from them"),
         _part("mode", "What is sent meanwhile", "drop: it is lost; hold: it comes when the window ends")),
        ("at", "until", "probability", "source")),
    Row("clog", "Network", "Clogged link", "A link carries only so many messages a second; the others queue.",
        (_part("per_s", "Passes", control="slider", span=(0.5, 100.0), step=0.5, unit="/s",
               low=0.001),
         _part("most", "Queue holds", "Those beyond are lost", low=0, span=(0, 10_000), unit="messages")),
        ("at", "until", "source", "to")),
    Row("crash", "Processes", "Crash", "A replica's process dies and starts again later; its memory is lost.",
        (DOWN_FOR, REPLICA, TIMES, _part("lives_ns", "Lives between deaths", is_rare=True)), INSTANT),
    Row("crash-point", "Processes", "Crash at a point", "The process that reaches a named point dies there.",
        (_part("point", "Point"), DOWN_FOR, TIMES), ("at", "until", "probability", "occurrence", "every", "to"), FIRST),
    Row("down", "Processes", "Down", "A whole service or third party refuses connections.", (), SENT),
    Row("pause", "Processes", "Pause", "A process stands still, and goes on later with its old beliefs, as a zombie.",
        (_part("lasts_ns", "Lasts"), REPLICA,
         _part("replaced_after_ns", "Replaced after", "By another, which believes it dead; empty for never",
               may_be_empty=True)), INSTANT),
    Row("fail", "Handlers", "Fail", "A handler raises an error before it has done anything.",
        (_part("error", "Error", "Declared by the operation; empty: it fails as by a bug", may_be_empty=True), DURING)),
    Row("hang", "Handlers", "Hang", "A handler never returns, a third party never answers; what it holds it keeps.",
        (DURING,), ALL, FIRST),
    Row("slow", "Handlers", "Slow handlers", "Handlers take longer, and hold their places meanwhile.", (EXTRA,)),
    Row("garbage", "Handlers", "Garbage", "What arrives cannot be read.",
        (_part("leg", "On the way", "Usual: a call's or event's message, a third party's response"),
         _part("shape", "It is", "bytes that are no text, or JSON of another shape"))),
    Row("duplicate", "Events", "Duplicate events", "Events are delivered twice.",
        (_part("after_ns", "The second comes after"),)),
    Row("reorder", "Events", "Reorder events", "Events overtake each other on their way to consumers.",
        (_part("within_ns", "Held back up to"),)),
    Row("poison", "Events", "Poison message", "A message that no handler can take, at whichever delivery.",
        (_part("key", "Only key", "All events of this key; empty: by occasion", may_be_empty=True),
         _part("kills", "It kills the process", "Instead of failing there"), DOWN_FOR), ALL, FIRST),
    Row("storage-error", "Storage", "Storage error", "A read or a commit fails: the storage is away.",
        (OPERATION, _part("committed", "The commit stands all the same", "Only its answer is lost")), DRAWN),
    Row("storage-stall", "Storage", "Storage stall", "A read or a commit takes long, and then happens.",
        (EXTRA, OPERATION), DRAWN),
    Row("storage-conflict", "Storage", "Storage conflict",
        "Another writer comes first: a commit finds its document at another version.", (), DRAWN),
    Row("stale-read", "Storage", "Stale reads", "A read answers with what stood some time ago.",
        (_part("behind_ns", "Behind by"),), DRAWN),
    Row("lose-unsynced", "Storage", "Lose unsynced writes",
        "The storage crashes: the last commits of a service vanish, and its processes die.",
        (_part("last_ns", "Commits of the last"), DOWN_FOR), INSTANT),
    Row("respond", "Third parties", "Answer with a status", "A third party answers with a status, such as 503.",
        (_part("status", "Status", low=100, high=599, span=(100, 599)),
         _part("body", "Body", may_be_empty=True, is_rare=True),
         _part("ran", "It has acted all the same", "As behind a gateway that gave up"))),
    Row("throttle", "Third parties", "Throttle", "A third party refuses requests with 429 and Retry-After.",
        (_part("rate_per_s", "Takes", "Requests from all of us; 0 for none", control="slider", span=(0.0, 50.0),
               step=0.5, unit="/s", low=0),
         _part("retry_after_ns", "Retry after")), SENT),
    Row("exhaust", "Third parties", "Exhaust connections", "A process has few connections to third parties.",
        (_part("connections", "Connections", "For each replica; 0 for none", low=0, span=(0, 20)),
         _part("wait_ns", "Waits for one up to")), ("at", "until", "source", "to")),
    Row("call-back", "Third parties", "Call back first", "A third party calls back before it replies.", (), SENT),
    Row("clock-offset", "Clocks", "Clock off", "A machine's time of day is ahead, or behind.",
        (BY, _part("back", "Behind instead")), WINDOW),
    Row("clock-drift", "Clocks", "Clock drift", "A machine's clock, and all its timers, run fast or slow.",
        (_part("ppm", "Gains", "Microseconds in each second; negative where it loses them", low=-PPM_MAX, high=PPM_MAX,
               span=(-PPM_MAX, PPM_MAX), unit="ppm"),), WINDOW),
    Row("clock-jump", "Clocks", "Clock jump", "A machine's time of day is set anew, and stays so.",
        (BY, _part("back", "Back instead")), INSTANT),
    Row("mismatch", "Data", "Contract mismatch", "Messages arrive as another version of their contract makes them.",
        (_part("drop", "Without fields"), _part("rename", "Renamed", "ours=theirs"),
         _part("add", "With more", "name=value"), _part("leg", "On the way"))),
    Row("hot-key", "Data", "Hot key", "Messages of a workload share one value of a field.",
        (_part("field", "Field", "A path, such as customer.id"),), ("at", "until", "probability"),
        {"probability": 0.5}),
    Row("deploy", "Deploys and broker", "Rolling deploy", "Each replica drains, stops, and starts anew.",
        (_part("drain_ns", "Drains up to"), _part("start_ns", "Starts after"),
         _part("before", "Version before", "Of a saga; empty for what the graph has", may_be_empty=True, is_rare=True)),
        INSTANT),
    Row("broker-loses", "Deploys and broker", "Broker loses events",
        "The broker crashes, and loses what it acknowledged last and had not synced.",
        (_part("last_ns", "Events of the last"),), INSTANT),
    Row("together", "Combined", "Together", "Faults with one cause: one window, one draw, one count of occasions.",
        (_part("parts", "Faults"),), DRAWN),
    Row("swarm", "Combined", "Swarm", "Of many faults some are drawn, at rates and times of their own.",
        (_part("kinds", "Kinds", "None, and no faults: every kind that can strike the system"),
         _part("parts", "Faults", may_be_empty=True),
         _part("share", "Each is in with", control="slider", low=0, high=1, span=(0.0, 1.0), step=0.05)), WINDOW),
)  # fmt: skip
"""All forms, in the order in which they are listed."""
