"""Send what an endpoint yields as server-sent events, one for each value.

FastAPI's own response keeps idle streams open by sending a comment now and then; that is work which never ends, and a
simulated world would not come to rest. So it is left to the engine that has real connections.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

import pydantic
from fastapi.encoders import jsonable_encoder
from fastapi.sse import ServerSentEvent, format_sse_event
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from studio.contract import codec

__all__ = ["EventResponse"]


class EventResponse(StreamingResponse):
    """A response whose content is values: contracts, what JSON knows, or FastAPI's `ServerSentEvent`."""

    media_type = "text/event-stream"

    def __init__(
        self, content: AsyncIterable[Any] | Iterable[Any], status_code: int = 200, *arguments: Any, **options: Any
    ) -> None:
        values = content if isinstance(content, AsyncIterable) else iterate_in_threadpool(content)
        super().__init__(_events(values), status_code, *arguments, **options)
        self.headers["cache-control"] = "no-cache"
        self.headers["x-accel-buffering"] = "no"  # else nginx would collect events


async def _events(values: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    async for value in values:
        yield _event(value)


def _event(value: Any) -> bytes:
    if not isinstance(value, ServerSentEvent):
        return format_sse_event(data_str=_text(value))
    data = value.raw_data if value.data is None else _text(value.data)
    return format_sse_event(data_str=data, event=value.event, id=value.id, retry=value.retry, comment=value.comment)


def _text(value: Any) -> str:
    if isinstance(value, pydantic.BaseModel):
        return codec(type(value)).encode(value).decode()
    return json.dumps(jsonable_encoder(value))
