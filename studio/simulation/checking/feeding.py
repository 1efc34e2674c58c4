"""Tell whether a query of an invariant ever had data to look at; one that had none has been tested by nothing.

It is told only where it is certain. A query has seen data where any relation that it names has held a row: a condition
in `where` may be the very violation. Only where the outermost query groups or counts must rows have passed its `where`,
too, since there the violation stands in `having`: `from external where name = 'cards' group by … having count(*) > 1`
has seen nothing as long as no card was charged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from studio.errors import StudioError
from studio.store.queries import identifier, literal
from studio.store.reader import RunLog

__all__ = ["is_fed"]

_PROBES_MAX = 256
_probes: dict[str, tuple[tuple[str, ...], str]] = {}  # by query: it is taken apart once in a process, not in each run


def is_fed(log: RunLog, sql: str) -> bool:
    """Tell whether a query has data to look at now; also where its text cannot be taken apart.

    Args:
        log: Of the run.
        sql: One that has been answered before, so that it is known to be right.
    """
    probe = _probes.get(sql)
    if probe is None:
        if len(_probes) >= _PROBES_MAX:
            _probes.clear()
        probe = _probes[sql] = _probe(log, sql)
    relations, passing = probe
    try:
        seen = not relations or any(_has_row(log, each) for each in relations)
        return seen and (not passing or _has_row(log, passing))
    except StudioError:  # a table function, or a relation of another query's making
        return True


def _probe(log: RunLog, sql: str) -> tuple[tuple[str, ...], str]:
    """Return the relations that a query names, and what gives a row where rows pass its `where`; empty for no such."""
    tree = _tree(log, sql)
    relations = () if tree is None else tuple(sorted(_relations(tree)))
    passing = _passing(log, tree) if tree is not None and relations else ""
    if passing and len(relations) == 1 and tree is not None and tree["node"]["from_table"]["type"] == "BASE_TABLE":
        return (), passing  # rows that pass are rows that are there
    return relations, passing


def _passing(log: RunLog, tree: dict[str, Any]) -> str:
    """Return a query for the rows that pass the `where` of one that groups or counts; empty for any other."""
    node = tree["node"]
    groups = node.get("type") == "SELECT_NODE" and (node.get("group_expressions") or node.get("having"))
    if not groups or not node.get("where_clause"):
        return ""
    shortest = _tree(log, "select 1")
    assert shortest is not None
    one = shortest["node"]["select_list"]
    plain = {**node, "select_list": one, "group_expressions": [], "group_sets": [], "having": None, "modifiers": [],
             "qualify": None, "aggregate_handling": "STANDARD_HANDLING"}  # fmt: skip
    return f"({_text(log, {**tree, 'node': plain})})"


def _has_row(log: RunLog, source: str) -> bool:
    return log.has_rows(f"select 1 from {source} limit 1")  # noqa: S608 - quoted, or DuckDB's own


def _parsed(text: str) -> dict[str, Any] | None:
    found = json.loads(text)
    return None if found["error"] or len(found["statements"]) != 1 else found["statements"][0]


def _tree(log: RunLog, sql: str) -> dict[str, Any] | None:
    """Return a query as DuckDB's parser sees it."""
    frame = log.sql(f"select json_serialize_sql({literal(sql)}) as tree")
    return _parsed(str(frame["tree"][0]))


def _text(log: RunLog, tree: dict[str, Any]) -> str:
    """Return the text of a query that `_tree` gave."""
    whole = literal(json.dumps({"error": False, "statements": [tree]}))
    return str(log.sql(f"select json_deserialize_sql({whole}) as text")["text"][0])


def _relations(tree: dict[str, Any]) -> set[str]:
    """Return the relations that a query names anywhere, but for those that it defines itself."""
    own = {name.lower() for node in _nodes(tree) for name in _defined(node)}
    return {
        ".".join(identifier(part) for part in (node.get("schema_name"), node["table_name"]) if part)
        for node in _nodes(tree)
        if node.get("type") == "BASE_TABLE" and node["table_name"].lower() not in own
    }


def _defined(node: dict[str, Any]) -> list[str]:
    tables = node.get("cte_map")
    return [each["key"] for each in tables["map"]] if isinstance(tables, dict) else []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _nodes(each)
