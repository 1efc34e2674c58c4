"""State documents as SQL: the tables, and a commit and a search on one connection, in SQLAlchemy Core.

Nothing here knows which thread, file or server a connection belongs to; the adapters do (`studio.serve.sqlite`). A
search narrows in SQL to a superset, since databases round and compare JSON in ways of their own, and is decided in
Python by `studio.ports.fits`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from studio.errors import StorageConflict, UniqueViolation
from studio.ports import Document, Write, check_where, fits

__all__ = ["METADATA", "Search", "apply_write", "get_document", "search_documents"]

METADATA = MetaData()

_documents = Table(
    "documents",
    METADATA,
    Column("space", Text, primary_key=True),
    Column("collection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
_holders = Table(
    "unique_values",
    METADATA,
    Column("space", Text, primary_key=True),
    Column("collection", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("key", Text, nullable=False),
)
Index("unique_values_by_document", _holders.c.space, _holders.c.collection, _holders.c.key)

_DOCUMENT = and_(
    _documents.c.space == bindparam("in_space"),
    _documents.c.collection == bindparam("in_collection"),
    _documents.c.key == bindparam("at_key"),
)
_VALUES = and_(
    _holders.c.space == bindparam("in_space"),
    _holders.c.collection == bindparam("in_collection"),
    _holders.c.key == bindparam("at_key"),
)
_GET = select(_documents.c.key, _documents.c.version, _documents.c.body).where(_DOCUMENT)
_VERSION = select(_documents.c.version).where(_DOCUMENT)
_INSERT = insert(_documents)
_UPDATE = update(_documents).where(_DOCUMENT).values(version=bindparam("new_version"), body=bindparam("new_body"))
_DELETE = delete(_documents).where(_DOCUMENT)
_RELEASE = delete(_holders).where(_VALUES)
_HOLD = insert(_holders)
_HOLDER = select(_holders.c.key).where(
    _holders.c.space == bindparam("in_space"),
    _holders.c.collection == bindparam("in_collection"),
    _holders.c.name == bindparam("of_name"),
    _holders.c.value == bindparam("of_value"),
)

_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXACT_MAX = 2**53
_PAGE_MIN = 64


def get_document(connection: Connection, space: str, collection: str, key: str) -> Document | None:
    """Return a document as the connection's transaction sees it, or None."""
    row = connection.execute(_GET, {"in_space": space, "in_collection": collection, "at_key": key}).first()
    return None if row is None else Document(row[0], row[1], bytes(row[2]))


def apply_write(connection: Connection, write: Write) -> int:
    """Apply one write within the connection's transaction, and return the new version.

    Raises:
        StorageConflict: The document is not at the expected version.
        UniqueViolation: A unique value is taken.
    """
    at = {"in_space": write.space, "in_collection": write.collection, "at_key": write.key}
    version = connection.execute(_VERSION, at).scalar() or 0
    if write.expected is not None and write.expected != version:
        raise StorageConflict(
            space=write.space, collection=write.collection, key=write.key, expected=write.expected, found=version
        )
    if write.only_check:
        return 0
    if version:
        connection.execute(_RELEASE, at)
    if write.body is None:
        connection.execute(_DELETE, at)
        return 0
    for name, value in dict.fromkeys(write.unique):
        _hold(connection, write, name, value)
    _put(connection, write, at, version + 1)
    return version + 1


def _put(connection: Connection, write: Write, at: dict[str, str], version: int) -> None:
    if version > 1:
        connection.execute(_UPDATE, {**at, "new_version": version, "new_body": write.body})
    else:
        row = {"space": write.space, "collection": write.collection, "key": write.key}
        connection.execute(_INSERT, {**row, "version": version, "body": write.body})


def _hold(connection: Connection, write: Write, name: str, value: str) -> None:
    place = {"in_space": write.space, "in_collection": write.collection, "of_name": name, "of_value": value}
    if connection.execute(_HOLDER, place).first() is not None:
        raise UniqueViolation(space=write.space, collection=write.collection, key=write.key, index=name, value=value)
    row = {"space": write.space, "collection": write.collection, "key": write.key}
    connection.execute(_HOLD, {**row, "name": name, "value": value})


@dataclass(frozen=True, slots=True)
class Search:
    """What `studio.ports.Storage.find` asks for.

    Args:
        space: Owner.
        collection: Name.
        where: Top-level JSON fields and the values they must equal.
        prefix: Of the keys.
        after: Only keys greater than this one.
        limit: At most so many.
    """

    space: str
    collection: str
    where: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    after: str = ""
    limit: int = 1000


def search_documents(connection: Connection, search: Search) -> list[Document]:
    """Return the documents that a search asks for, in the order of their keys.

    Raises:
        UnsearchableValue: A value is no scalar.
    """
    check_where(search.where)
    found: list[Document] = []
    for document in _candidates(connection, search):
        if len(found) >= search.limit:
            break
        if not search.where or fits(json.loads(document.body), search.where):
            found.append(document)
    return found


def _candidates(connection: Connection, search: Search) -> Iterator[Document]:
    """Yield a superset, a page at a time, since a candidate may not fit after all."""
    statement, size, after = _narrowed(search), max(search.limit, _PAGE_MIN), search.after
    while search.limit > 0:
        page = statement.where(_documents.c.key > literal(after)) if after else statement
        rows = connection.execute(page.limit(size)).all()
        yield from (Document(row[0], row[1], bytes(row[2])) for row in rows)
        if len(rows) < size:
            return
        after = rows[-1][0]


def _narrowed(search: Search) -> Select[*tuple[Any, ...]]:
    key = _documents.c.key
    statement = (
        select(key, _documents.c.version, _documents.c.body)
        .where(_documents.c.space == literal(search.space), _documents.c.collection == literal(search.collection))
        .order_by(key)
    )
    if search.prefix:
        statement = statement.where(key >= literal(search.prefix))
        end = _end_of_prefix(search.prefix)
        statement = statement if end is None else statement.where(key < literal(end))
    for name, value in search.where.items():
        if (condition := _may_equal(name, value)) is not None:
            statement = statement.where(condition)
    return statement


def _may_equal(name: str, value: Any) -> ColumnElement[bool] | None:
    """State a condition that holds for every document whose field equals the value; None where SQL cannot tell."""
    if not _PLAIN_FIELD.fullmatch(name):
        return None
    text = cast(_documents.c.body, Text)
    kind, extracted = func.json_type(text, f"$.{name}"), func.json_extract(text, f"$.{name}")
    if value is None:
        return kind == "null"
    if isinstance(value, bool):
        return kind == ("true" if value else "false")
    if isinstance(value, str):
        is_plain = value.isprintable()  # a NUL ends an extracted text early in some versions, a surrogate is no UTF-8
        return and_(kind == "text", extracted == literal(str(value))) if is_plain else kind == "text"
    if abs(value) > _EXACT_MAX:
        return kind.in_(("integer", "real"))
    margin = abs(value) * 1e-9 + 1e-300  # a real may be read a bit off
    return or_(
        and_(kind == "integer", extracted == literal(value)),
        and_(kind == "real", extracted.between(float(value - margin), float(value + margin))),
    )


def _end_of_prefix(prefix: str) -> str | None:
    """Return the least text greater than all that begin with the prefix; None where there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    point = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= point <= 0xDFFF else point)
