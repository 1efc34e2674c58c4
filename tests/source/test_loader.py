"""Sources executed as modules; errors that name the author's lines."""

from __future__ import annotations

import dataclasses
import inspect
import linecache
import sys
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from studio.errors import (
    BadDollar,
    FutureImport,
    InvalidSyntax,
    StudioError,
    TopLevelAwait,
    UndefinedName,
)
from studio.source import loader
from studio.source.cell import Source, source_from_cell
from studio.source.loader import (
    author_frames,
    execute,
    place,
    recorded_place,
    trim_traceback,
    where,
)

MODULE = "studio_cells.sample"


@pytest.fixture(autouse=True)
def _no_module_is_left() -> Iterator[None]:
    yield
    sys.modules.pop(MODULE, None)


def run(source: Source, **names: Any) -> ModuleType:
    return execute(source, module_name=MODULE, namespace=names)


def module(body: str, **options: Any) -> Source:
    return Source("module", "sample", body, **options)


def caught(source: Source, function: str = "f") -> BaseException:
    with pytest.raises(BaseException) as found:  # noqa: PT011  (any error will do)
        getattr(run(source), function)()
    return found.value


def test_body_sees_the_names_it_is_given_and_keeps_its_own() -> None:
    found = run(module('"""Doc."""\nz = x + 1\n'), x=1)
    assert (found.z, found.__doc__, found.__name__) == (2, "Doc.", MODULE)


def test_every_execution_has_globals_of_its_own_and_shares_code() -> None:
    source = module("seen = []\ndef f(): return seen\n")
    first, second = run(source), run(source)
    first.f().append(1)
    assert second.f() == []
    assert first.f.__code__ is second.f.__code__


def test_imports_go_through_the_function_that_is_given() -> None:
    def answer(name: str, *rest: Any) -> ModuleType:
        return ModuleType(f"other_{name}")

    found = execute(module("import time\n"), module_name=MODULE, namespace={}, import_function=answer)
    assert found.time.__name__ == "other_time"


def test_builtins_in_the_namespace_are_used_as_they_are() -> None:
    assert run(module("x = len([])\n"), __builtins__={"len": lambda _: 7}).x == 7


def test_module_is_registered_while_it_executes_and_after() -> None:
    body = "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: 'int'\n"
    found = run(module(body))
    assert sys.modules[MODULE] is found
    assert dataclasses.fields(found.A)[0].name == "a"


def test_failed_execution_leaves_the_module_before_it() -> None:
    before = run(module("x = 1\n"))
    with pytest.raises(ZeroDivisionError):
        run(module("1 / 0\n"))
    assert sys.modules[MODULE] is before


def test_traceback_shows_the_line_of_the_cell() -> None:
    error = caught(module("\n\ndef f():\n    return 1 / 0\n"))
    text = "".join(traceback.format_exception(error))
    assert 'File "<module sample' in text
    assert "line 4, in f\n    return 1 / 0" in text
    assert str(where(error)) == "module sample, line 4"


def test_old_definition_keeps_its_text_after_the_cell_is_changed() -> None:
    old = run(module("def f():\n    return 1 / 0  # old\n"))
    new = run(module("def f():\n    return 2 / 0  # new\n"))
    linecache.checkcache()
    assert "# old" in inspect.getsource(old.f)
    assert "# new" in inspect.getsource(new.f)
    assert old.f.__code__.co_filename != new.f.__code__.co_filename


def test_file_has_the_lines_of_the_file_and_is_recorded_by_its_body() -> None:
    filed = module("def f():\n    1 / 0\n", origin="shop/sample.py", first_line=7)
    error = caught(filed)
    assert str(where(error)) == "shop/sample.py, line 8"
    assert str(recorded_place(error)) == "module sample, line 2"
    assert 'File "shop/sample.py", line 8' in "".join(traceback.format_exception(error))


def test_cell_and_exported_file_are_recorded_alike() -> None:
    body = "def f():\n    1 / 0\n"
    filed = module(body, origin="a.py", first_line=30)
    assert recorded_place(caught(module(body))) == recorded_place(caught(filed))


def test_error_from_elsewhere_has_no_place_but_the_one_it_names() -> None:
    assert where(ValueError("x")) is None
    assert recorded_place(ValueError("x")) is None
    assert str(where(caught(module("\nawait x\n")))) == "module sample, line 2"


def test_frames_of_authors_are_given_from_the_outside_in() -> None:
    inner = run(module("def g():\n    raise ValueError\n"))
    outer = run(Source("service", "A", "def f():\n    g()\n"), g=inner.g)
    with pytest.raises(ValueError) as error:  # noqa: PT011
        outer.f()
    frames = [(source.label, function, line) for source, function, line in author_frames(error.value)]
    assert frames == [("service A", "f", 2), ("module sample", "g", 2)]


def test_frame_tells_its_place_while_it_runs() -> None:
    found = run(module("def f():\n    return look()\n"), look=lambda: place(inspect.currentframe()))  # type: ignore[arg-type]
    assert str(found.f()) == "module sample, line 2"
    assert place(inspect.currentframe()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "line", "excerpt"),
    [
        ("x = 1\ndef f(a b): ...\n", 2, "\n    def f(a b): ...\n"),
        ("x = (1,\n", 1, "\n    x = (1,\n        ^"),
        ("if x:\nprint()\n", 2, "\n    print()\n    ^"),
        ("    é = = 1\n", 1, "\n    é = = 1"),
        ("x = 'abc\n", 1, "\n    x = 'abc\n        ^"),
        ("def f():\n    return 1\nreturn 2\n", 3, "\n    return 2\n    ^"),
    ],
)
def test_syntax_error_names_line_text_and_caret(body: str, line: int, excerpt: str) -> None:
    with pytest.raises(InvalidSyntax) as error:
        run(module(body, first_line=11))
    assert error.value.excerpt.startswith(excerpt)
    assert error.value.where is not None
    assert error.value.where.line == line + 10


@pytest.mark.parametrize("body", ["x = '\0'\n", "(" * 300, "-" * 100_000 + "1"])
def test_what_cannot_be_compiled_is_invalid_syntax(body: str) -> None:
    with pytest.raises(InvalidSyntax):
        run(module(body))


def test_dollar_left_in_a_body_has_its_own_remedy() -> None:
    with pytest.raises(BadDollar, match=r"\$\.Order\.created"):
        run(module("x = 1\ny = $Order\n"))


@pytest.mark.parametrize(
    "body",
    ["await x\n", "async with a: pass\n", "async for a in b: pass\n", "c = [x async for x in y]\n", "if a:\n  await b"],
)
def test_await_outside_a_function_is_refused_with_the_remedy(body: str) -> None:
    with pytest.raises(TopLevelAwait, match=r"studio\.world"):
        run(module(body))


def test_future_import_is_refused_in_a_cell_only() -> None:
    body = "from __future__ import annotations\n"
    with pytest.raises(FutureImport):
        run(module(body))
    run(module(body, implicit=False))


def test_undefined_name_is_ours_with_line_and_nearest() -> None:
    with pytest.raises(UndefinedName) as error:
        run(module("\nx: int = contrct\n"), contract=1)
    assert str(error.value.where) == "module sample, line 2"
    assert error.value.nearest == "contract"


def test_name_used_before_its_definition_is_said_to_come_later() -> None:
    with pytest.raises(UndefinedName, match="which a later line binds"):
        run(module("x = y\ny = 1\n"))


def test_name_error_of_another_module_stays_what_it_is() -> None:
    inner = run(module("def g(): return missing\n"))
    with pytest.raises(NameError):
        run(module("x = g()\n"), g=inner.g)


def test_our_frames_leave_the_traceback() -> None:
    error = trim_traceback(caught(module("def f():\n    raise ValueError\n")))
    assert [step.name for step in traceback.extract_tb(error.__traceback__)][-1] == "f"
    with pytest.raises(ZeroDivisionError) as found:
        run(module("1 / 0\n"))
    names = [step.name for step in traceback.extract_tb(trim_traceback(found.value).__traceback__)]
    assert "execute" not in names
    assert names[-1] == "<module>"


def test_errors_of_ours_end_at_the_author() -> None:
    body = "from studio.address import parse\ndef f():\n    parse('1')\n"
    error = trim_traceback(caught(module(body)))
    assert isinstance(error, StudioError)
    assert [step.name for step in traceback.extract_tb(error.__traceback__)][-1] == "f"


def test_our_bugs_keep_the_frames_that_show_them() -> None:
    body = "from studio.address import matches\ndef f():\n    matches(None, None)\n"
    error = trim_traceback(caught(module(body)))
    assert [step.name for step in traceback.extract_tb(error.__traceback__)][-1] == "matches"


def test_tracebacks_of_causes_and_groups_are_trimmed_too() -> None:
    body = "def f():\n    try: 1 / 0\n    except ZeroDivisionError as e: raise ExceptionGroup('g', [e]) from e\n"
    error = trim_traceback(caught(module(body)))
    assert isinstance(error, ExceptionGroup)
    assert error.__cause__ is error.exceptions[0]


def test_traceback_without_an_author_stays_whole() -> None:
    with pytest.raises(TypeError) as found:
        execute(module("x\n"), module_name=MODULE, namespace=None)  # type: ignore[arg-type]
    whole = found.value.__traceback__
    assert trim_traceback(found.value).__traceback__ is whole


def test_definitions_are_kept_up_to_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "DEFINITIONS_MAX", len(loader._compiled))  # noqa: SLF001
    oldest = next(iter(loader._compiled.values()))  # noqa: SLF001
    run(module("bound = 'a body that was not there before'\n"))
    assert oldest.filename not in linecache.cache


def test_assertions_run_whatever_the_interpreter_was_told() -> None:
    error = caught(source_from_cell("service", "A", "def f():\n    assert False, 'x'"))
    assert isinstance(error, AssertionError)
