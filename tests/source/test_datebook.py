"""Test `datetime` in studio modules."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
import pickle
import typing
from typing import Annotated, Any, Optional
from zoneinfo import ZoneInfo

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.source.shims import datebook

calendar: Any = datebook.MODULE
datetime: Any = calendar.datetime
date: Any = calendar.date
MOMENT = dt.datetime.fromisoformat("2023-11-14T22:13:20.123456")
EARLIEST = dt.datetime.fromisoformat("2000-01-01")


@pytest.mark.usefixtures("world")
def test_now_is_the_worlds_time_in_naive_utc() -> None:
    assert datetime.now() == datetime.today() == datetime.utcnow() == MOMENT
    assert date.today() == MOMENT.date()


@pytest.mark.usefixtures("world")
def test_now_in_a_zone_is_aware() -> None:
    assert datetime.now(dt.UTC) == MOMENT.replace(tzinfo=dt.UTC)
    paris = datetime.now(tz=ZoneInfo("Europe/Paris"))
    assert paris == MOMENT.replace(tzinfo=dt.UTC)
    assert paris.hour == 23


@pytest.mark.usefixtures("world")
def test_now_refuses_what_is_no_zone() -> None:
    with pytest.raises(TypeError):
        datetime.now("UTC")


@pytest.mark.parametrize("made", [datetime.now, datetime.utcnow, lambda: datetime(2024, 1, 2), datetime.today])
@pytest.mark.usefixtures("world")
def test_values_are_real_ones(made: Any) -> None:
    assert type(made()) is dt.datetime


@pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")
@pytest.mark.parametrize("made", [datetime.now, datetime.utcnow, datetime.today])
def test_the_machine_answers_outside_a_world(made: Any) -> None:
    assert type(made()) is dt.datetime
    assert abs(made() - getattr(dt.datetime, made.__name__)()) < dt.timedelta(hours=1)


def test_todays_date_is_the_machines_outside_a_world() -> None:
    assert type(date.today()) is dt.date
    assert date.today() - dt.date.today() <= dt.timedelta(days=1)  # noqa: DTZ011 - the local date is what is compared


@given(st.datetimes())
def test_other_constructors_give_real_values(value: dt.datetime) -> None:
    assert datetime.fromisoformat(value.isoformat()) == value
    assert datetime.combine(value.date(), value.time()) == value
    assert datetime.fromordinal(value.toordinal()).date() == date.fromordinal(value.toordinal()) == value.date()
    assert type(datetime.fromisoformat(value.isoformat())) is dt.datetime
    assert type(date.fromisoformat(value.date().isoformat())) is dt.date


def test_strptime_gives_a_real_value() -> None:
    assert type(datetime.strptime("2024", "%Y")) is dt.datetime


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_timestamps_are_utc_in_any_world(in_world: Any, seconds: int) -> None:
    aware = dt.datetime.fromtimestamp(seconds, dt.UTC)
    with in_world():
        assert datetime.fromtimestamp(seconds) == datetime.utcfromtimestamp(seconds) == aware.replace(tzinfo=None)
        assert datetime.fromtimestamp(seconds, dt.UTC) == aware
        assert date.fromtimestamp(seconds) == aware.date()


def test_instances_are_the_same_both_ways() -> None:
    assert isinstance(MOMENT, datetime)
    assert isinstance(MOMENT, date)
    assert isinstance(MOMENT.date(), date)
    assert not isinstance(MOMENT.date(), datetime)
    assert isinstance(datetime(2024, 1, 1), dt.datetime)


def test_subclasses_are_the_same_both_ways() -> None:
    assert issubclass(dt.datetime, datetime)
    assert issubclass(datetime, dt.datetime)
    assert issubclass(datetime, date)
    assert not issubclass(date, datetime)


def test_values_match_class_patterns() -> None:
    match MOMENT:
        case datetime(year=year):
            assert year == 2023
        case _:
            pytest.fail("the pattern did not match")


def test_single_dispatch_finds_real_values() -> None:
    @functools.singledispatch
    def name(_value: object) -> str:
        return "other"

    name.register(datetime, lambda _value: "moment")
    assert name(MOMENT) == "moment"
    assert name(1) == "other"


def test_an_authors_subclass_makes_its_own_values(in_world: Any) -> None:
    class Deadline(datetime):  # type: ignore[misc]  # what the shim gives is Any here
        pass

    with in_world():
        assert type(Deadline.now()) is type(Deadline(2024, 1, 1)) is Deadline
        assert Deadline.now() == MOMENT
    assert type(Deadline.now()) is Deadline
    assert not isinstance(MOMENT, Deadline)


def test_an_authors_date_makes_its_own_values(in_world: Any) -> None:
    class Day(date):  # type: ignore[misc]  # what the shim gives is Any here
        pass

    with in_world():
        assert type(Day.today()) is Day
        assert Day.today() == MOMENT.date()


@given(st.datetimes(), st.timedeltas(dt.timedelta(0), dt.timedelta(days=1)))
def test_arithmetic_stays_real(value: dt.datetime, span: dt.timedelta) -> None:
    made = datetime(*value.timetuple()[:6])
    later = made + span if value.year < 9999 else made - span
    assert type(later) is dt.datetime
    assert type(later - made) is dt.timedelta


def test_limits_are_the_real_ones() -> None:
    assert datetime.resolution == dt.datetime.resolution
    assert date.min == dt.date.min
    assert repr(datetime) == "<class 'datetime.datetime'>"
    assert repr(date) == "<class 'datetime.date'>"


@pytest.mark.usefixtures("world")
def test_values_and_classes_survive_pickling() -> None:
    value = datetime.now(dt.UTC)
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value  # noqa: S301 - our own bytes
    assert b"studio" not in pickle.dumps(value)
    assert pickle.loads(pickle.dumps(datetime)) is datetime  # noqa: S301 - our own bytes


def test_classes_serve_in_annotations() -> None:
    def plan(_at: datetime | None, _days: list[date]) -> None: ...

    names = {"datetime": datetime, "date": date}
    hints = typing.get_type_hints(plan, names)
    assert hints["_days"] == list[date]
    assert Optional[datetime] == datetime | None  # noqa: UP045 - the older spelling is what is tested


class Real(pydantic.BaseModel):
    """The model as it would be outside a studio module."""

    at: dt.datetime
    due: dt.date | None = None
    history: list[dt.datetime] = []
    positive: Annotated[dt.datetime, pydantic.Field(gt=EARLIEST)] = MOMENT


Shimmed: Any = pydantic.create_model(
    "Real",
    __doc__=Real.__doc__,
    at=(datetime, ...),
    due=(date | None, None),
    history=(list[datetime], []),
    positive=(Annotated[datetime, pydantic.Field(gt=EARLIEST)], MOMENT),
)


@given(st.datetimes(), st.dates())
def test_contract_fields_validate_and_dump_as_real_ones(at: dt.datetime, due: dt.date) -> None:
    given_values = {"at": at.isoformat(), "due": due.isoformat(), "history": [at]}
    ours, real = Shimmed.model_validate(given_values), Real.model_validate(given_values)
    assert ours.model_dump() == real.model_dump()
    assert ours.model_dump_json() == real.model_dump_json()
    assert type(ours.at) is dt.datetime


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_contract_schemas_are_the_real_ones(mode: Any) -> None:
    assert json.dumps(Shimmed.model_json_schema(mode=mode)) == json.dumps(Real.model_json_schema(mode=mode))


def test_contract_fields_refuse_what_the_real_ones_refuse() -> None:
    for wrong in ({"at": "yesterday"}, {"at": MOMENT, "positive": EARLIEST}, {"at": MOMENT, "due": "x"}):
        with pytest.raises(pydantic.ValidationError) as ours:
            Shimmed.model_validate(wrong)
        with pytest.raises(pydantic.ValidationError) as real:
            Real.model_validate(wrong)
        assert ours.value.errors() == real.value.errors()


@pytest.mark.usefixtures("world")
def test_now_is_a_default_factory() -> None:
    model: Any = pydantic.create_model("Stamped", at=(datetime, pydantic.Field(default_factory=datetime.now)))
    assert model().at == MOMENT
