"""The other carrier: it is dear, and it answers."""

from __future__ import annotations

from studio import External, Request, Response

external = External("steady")


@external.post("/quotes")
async def quote(request: Request) -> Response:
    return Response(200, json={"carrier": "steady", **request.json()})
