"""The usual carrier: it is cheap, and sometimes it hangs."""

from __future__ import annotations

from studio import External, Request, Response

external = External("swift")


@external.post("/quotes")
async def quote(request: Request) -> Response:
    return Response(200, json={"carrier": "swift", **request.json()})
