"""Carry records outside a log: what a full disk refused, and what a campaign's worker sends home. A zip of Parquet."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studio.errors import BadParcel
from studio.store.columns import Batch
from studio.store.shelf import RunInfo, Status, shape_json, shape_of

__all__ = ["Parcel", "pack", "unpack"]

_FORM = 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """A run, or the rest of one.

    Attributes:
        run: Its number in the log it comes from.
        info: What was known when it began.
        status: `running` for the rest of a run that could not be written.
        end_ns: Engine time at its end; 0 while it runs.
        batches: In order.
    """

    run: int
    info: RunInfo
    status: Status
    end_ns: int
    batches: Sequence[Batch]


def pack(parcel: Parcel) -> bytes:
    """Write a parcel down; equal parcels give frames that read back equal."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # Parquet is compressed already
        archive.writestr("parcel.json", json.dumps(_head(parcel)))
        for at, batch in enumerate(parcel.batches):
            for table, frame in batch.frames.items():
                part = io.BytesIO()
                frame.write_parquet(part)
                archive.writestr(f"{at}/{table}.parquet", part.getvalue())
    return stream.getvalue()


def unpack(content: bytes, *, file: str = "parcel") -> Parcel:
    """Read a parcel.

    Args:
        content: What `pack` wrote.
        file: Its name, for errors.

    Raises:
        BadParcel: It is none, is cut off, or comes from a later version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            head = json.loads(archive.read("parcel.json"))
            if head["form"] != _FORM:
                raise BadParcel(file=file, reason=f"form {head['form']} is not known here")
            batches = [_batch(archive, at, batch) for at, batch in enumerate(head["batches"])]
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BadParcel(file=file, reason="it is no parcel, or is cut off") from error
    return Parcel(head["run"], _info(head["info"], head["shape"]), head["status"], head["end_ns"], batches)


def _head(parcel: Parcel) -> dict[str, Any]:
    info = parcel.info
    return {
        "form": _FORM,
        "run": parcel.run,
        "status": parcel.status,
        "end_ns": parcel.end_ns,
        "info": [info.scenario, info.seed, info.sources, info.studio, info.python, info.started.isoformat(),
                 info.case, info.topology],
        "shape": shape_json(info.shape),
        "batches": [[batch.first, batch.count, batch.names_from, list(batch.names), list(batch.frames)]
                    for batch in parcel.batches],
    }  # fmt: skip


def _batch(archive: zipfile.ZipFile, at: int, head: list[Any]) -> Batch:
    import polars as pl

    first, count, names_from, names, tables = head
    frames = {table: pl.read_parquet(io.BytesIO(archive.read(f"{at}/{table}.parquet"))) for table in tables}
    return Batch(first, count, frames, names_from, names)


def _info(head: list[Any], shape: str) -> RunInfo:
    scenario, seed, sources, studio, python, started, *later = head  # case, topology: newer than some
    return RunInfo(scenario, seed, sources, studio, python, datetime.fromisoformat(started), shape_of(shape), *later)
