"""Names a body takes, binds and imports."""

from __future__ import annotations

import sys

import pytest

from studio.errors import InvalidSyntax, NameOfOrdinaryCell, UndefinedName
from studio.source.cell import Source
from studio.source.names import Import, check_names, line_of, names_of


def free(body: str) -> str:
    return " ".join(names_of(Source("module", "a", body)).free)


def bound(body: str) -> str:
    return " ".join(names_of(Source("module", "a", body)).bound)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = y + len(x)", "y"),
        ("[i + j for i in range(k)]", "j k"),
        ("def f(a, *b, c=d, **e):\n    g = a\n    return g, h", "d h"),
        ("def f():\n    def g():\n        return x, y\n    x = 1", "y"),
        ("class A(B):\n    c = d\n    def e(self): return c", "B c d"),
        ("@service.operation(S.A.b)\ndef f(): ...", "S service"),
        ("def f():\n    global x\n    x = 1\ndef g(): return x", ""),
        ("if (n := f()): print(n)", "f"),
        ("match x:\n    case Point(a=b) if b > c: b\n    case [*d]: d", "Point c x"),
        ("try: pass\nexcept E as e: print(e)", "E"),
        ("import a.b as c, d.e\nfrom f import g as h\nc, d, h, a, g", "a g"),
        ("lambda a: a + b", "b"),
        ("[a for a in b]\ndef f(): return a", "a b"),
        ("f'{a!r:{b}}'", "a b"),
        ("async def f():\n    async with a as b: await b\n    async for c in d: c", "a d"),
        ("class A:\n    def f(self): return __class__, super()", ""),
        ("print(__name__, __file__)", ""),
        ("del x", ""),
    ],
)
def test_free_names_follow_scopes(body: str, expected: str) -> None:
    assert free(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f(a: A) -> B:\n    c: C = 1", "A B C"),
        ("def f(a: 'A[B]', b: list['C'], c: 'D | None') -> 'E': ...", "A B C D E"),
        ("def f(a: Literal['A'], b: Annotated['B', 'C'], d: t.Literal['D']): ...", "Annotated B Literal t"),
        ("def f(a: 'not an expression', b: 'é', c: 'Ä'): ...", "Ä é"),
        ("é: 'A' = 'B'; b: 'C'", "A C"),
        ("from __future__ import annotations\nclass A:\n    a: B\n    b: A", "B"),
        ("class A:\n    a: 'A'\n    b: 'B'", "B"),
        ("x: '(y := 1)' = z", "z"),
        ("def f(a: 'Field(\"b\")'): ...", "Field"),
        ("def f(a: Annotated[int, Field(pattern='abc')]): ...", "Annotated Field"),
        ("def f(a: dict['A', 'B'], b: 'C' | None, c: Callable[['D'], 'E']): ...", "A B C Callable D E"),
        ("a: 'A'\n'''\n\n'''\nb: '''B'''", "A"),
    ],
)
def test_annotations_count_as_text_too(body: str, expected: str) -> None:
    assert free(body) == expected


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are new in 3.12")
def test_type_parameters_are_bound() -> None:
    assert free("def f[T: A](x: T) -> 'T': ...\ntype X[U] = list[U]\nclass C[V](B): v: V") == "A B"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = b = 1\n(c, [d]) = 1, [2]\ne += 1", "a b c d e"),
        ("def f(): x = 1\nclass C: y = 1\nasync def g(): ...", "C f g"),
        ("import a.b\nfrom c import d as e", "a e"),
        ("for i in (): pass\nwith f() as g: pass", "g i"),
        ("def f():\n    global x\n    x = 1\n    import y", "f x"),
        ("[z := 1 for _ in ()]", "z"),
        ("[i for i in ()]\nj = [j for j in ()]", "j"),
    ],
)
def test_bound_names_are_the_modules_own(body: str, expected: str) -> None:
    assert bound(body) == expected


def test_imports_are_given_as_written() -> None:
    found = names_of(
        Source("module", "a", "import a.b\ndef f():\n    from ..c import d as e, g\nfrom h import *\n")
    ).imports
    assert found == (
        Import("a.b", "", "a", 0, 1),
        Import("c", "d", "e", 2, 3),
        Import("c", "g", "g", 2, 3),
        Import("h", "*", "*", 0, 4),
    )


def test_sql_has_no_names() -> None:
    assert names_of(Source("invariant", "one", "select * from external")).free == ()


def test_broken_body_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidSyntax) as caught:
        names_of(Source("module", "a", "x = 1\nnonlocal y\n"))
    assert str(caught.value.where) == "module a, line 2"


def test_line_of_a_name_is_the_first_that_uses_it() -> None:
    source = Source("module", "a", "x = 1\ndef f(a: 'Order'): ...\nOrder\n", first_line=10)
    assert line_of(source, "Order") == 11
    assert line_of(source, "Payment") is None


def test_undefined_name_is_refused_with_line_and_nearest() -> None:
    source = Source("service", "Inventory", "x = 1\ndef f(a: Ordr): return reserve\n")
    with pytest.raises(UndefinedName) as caught:
        check_names(source, ["Order", "Payment"])
    assert (caught.value.name, str(caught.value.where)) == ("Ordr", "service Inventory, line 2")
    assert "Nearest: Order." in str(caught.value)


def test_builtin_is_named_when_it_is_near() -> None:
    with pytest.raises(UndefinedName, match="Nearest: isinstance"):
        check_names(Source("module", "a", "isinstanc(1, int)"), [])


def test_name_of_an_ordinary_cell_is_refused_with_the_remedy() -> None:
    with pytest.raises(NameOfOrdinaryCell, match=r"(?s)\(cell \[3\]\).*%%module"):
        check_names(Source("service", "A", "print(tax)"), [], ordinary={"tax": "cell [3]"})


def test_visible_names_and_star_imports_pass() -> None:
    check_names(Source("module", "a", "Order, service"), {"Order", "service"})
    check_names(Source("module", "a", "from math import *\nsqrt"), ())
