"""What every test may use: the project's own sources, parsed once; contracts that Hypothesis makes up."""

from __future__ import annotations

import ast
import datetime as dt
import enum
import hashlib
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import Field, create_model

from studio.cli import app, run
from studio.contract import Contract

# A runner that was started in the background of a shell has interrupts ignored, and what it starts inherits that: tests
# of the stop button would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Command = Callable[..., tuple[int, str, str]]
"""Runs a command line; gives its exit code, what it printed, and its complaints."""

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the package, parsed.

    Args:
        path: Relative to the package, such as `source/cell.py`.
        tree: Its syntax.
    """

    path: Path
    tree: ast.Module

    @property
    def part(self) -> str:
        """The part of the house it belongs to: `source` for `source/cell.py`, `ports` for `ports.py`."""
        return self.path.parts[0].removesuffix(".py")

    def __str__(self) -> str:
        return self.path.as_posix()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top level."""
    return ROOT


@pytest.fixture(scope="session")
def source_files() -> tuple[SourceFile, ...]:
    """Every Python file under studio/, templates left out."""
    return tuple(_parse(ROOT / "studio"))


def _parse(package: Path) -> Iterator[SourceFile]:
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package)
        if "templates" not in path.parts:
            yield SourceFile(path, ast.parse(file.read_text(encoding="utf-8"), str(path)))


class Colour(enum.Enum):
    """An enumeration, for made contracts."""

    RED = "red"
    BLUE = "blue"


@pytest.fixture(scope="session")
def kinds() -> SearchStrategy[Any]:
    """Types that can cross a wire, contracts among them: a strategy."""
    return st.recursive(st.one_of(*_SIMPLE), _composed, max_leaves=6)


@pytest.fixture(scope="session")
def contracts(kinds: SearchStrategy[Any]) -> SearchStrategy[type[Contract]]:
    """Contracts of one to four fields: a strategy."""
    return _contracts(kinds)


def seeded(seed: int) -> Callable[[str], float]:
    """Return draws that follow from a seed and the name of a stream alone."""

    def draw(stream: str) -> float:
        digest = hashlib.blake2b(f"{seed} {stream}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest) >> 11) * 2.0**-53

    return draw


@pytest.fixture(scope="session")
def draws() -> Callable[[int], Callable[[str], float]]:
    """Draws by seed."""
    return seeded


def _limited(kind: Any, values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Annotate a type with a least and a greatest value, which differ."""
    pairs = st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)
    return pairs.map(lambda pair: Annotated[kind, Field(ge=pair[0], le=pair[1])])


# Generic types as values: to the type checker `list[kind]` with a variable is no type.
_LIST: Any = list
_DICT: Any = dict
_TUPLE: Any = tuple

_SIMPLE: tuple[SearchStrategy[Any], ...] = (
    st.sampled_from([int, str, bool, float, Decimal, bytes, uuid.UUID, Colour, Any, type(None)]),
    st.sampled_from([dt.datetime, dt.date, dt.time, dt.timedelta, Literal["a", "b"], Literal["a", 1], Literal["b"]]),
    _limited(int, st.integers(-1000, 1000)),
    _limited(float, st.integers(-1000, 1000)),
    _limited(Decimal, st.integers(-1000, 1000)),
    _limited(dt.date, st.dates(dt.date(2000, 1, 1), dt.date(2050, 1, 1))),
    st.integers(1, 9).map(lambda low: Annotated[int, Field(gt=low, lt=low * 20, multiple_of=low)]),
    st.tuples(st.integers(3, 8), st.integers(0, 3)).map(
        lambda pair: Annotated[Decimal, Field(gt=0, max_digits=pair[0], decimal_places=pair[1])]
    ),
    st.tuples(st.integers(0, 5), st.integers(5, 20)).map(
        lambda pair: Annotated[str, Field(min_length=pair[0], max_length=pair[1])]
    ),
    st.sampled_from([r"^[A-Z]{2}-\d+$", r"^(tea|coffee)$", r"^\w{3,5}x?$"]).map(
        lambda text: Annotated[str, Field(pattern=text)]
    ),
)


def _composed(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    lists = st.tuples(inner, st.integers(0, 2), st.integers(2, 4)).map(
        lambda parts: Annotated[_LIST[parts[0]], Field(min_length=parts[1], max_length=parts[2])]
    )
    return st.one_of(
        inner.map(lambda kind: _LIST[kind]),
        lists,
        inner.map(lambda kind: _DICT[str, kind]),
        inner.map(lambda kind: _TUPLE[kind, ...]),
        st.tuples(inner, inner).map(lambda pair: _TUPLE[pair[0], pair[1]]),
        inner.map(lambda kind: kind | None if kind is not Any else Any),
        _contracts(inner),
    )


def _contracts(inner: SearchStrategy[Any]) -> SearchStrategy[type[Contract]]:
    names = st.sampled_from(["id", "name", "email", "sku", "quantity", "total", "city", "created_at", "notes"])
    fields = st.dictionaries(names, st.tuples(inner, st.booleans()), min_size=1, max_size=4)
    return fields.map(_contract)


def _contract(fields: dict[str, tuple[Any, bool]]) -> type[Contract]:
    optional = {name: (kind | None if kind is not Any else Any, None) for name, (kind, has) in fields.items() if has}
    required = {name: (kind, ...) for name, (kind, has) in fields.items() if not has}
    definitions: dict[str, Any] = {**optional, **required}
    return create_model("Made", __base__=Contract, **definitions)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line; return its exit code, what it printed, and its complaints."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(app, [str(each) for each in arguments])
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, shown.out, shown.err

    return call
