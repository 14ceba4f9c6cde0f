"""A receiver of webhooks in a process of its own: `python -m benchmarks.webhooks PORT`.

It answers every POST with 200, and every GET with the seconds (on the clock of `time.monotonic`, which processes share)
at which each instance label among the alerts first came, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


async def serve(port: int) -> None:
    first_seen: dict[str, float] = {}

    def note(body: bytes) -> None:
        now_s = time.monotonic()
        for alert in json.loads(body)["alerts"]:
            first_seen.setdefault(alert["labels"].get("instance", ""), now_s)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).lower():
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                if head.startswith(b"post"):
                    note(body)
                answer = b"{}" if head.startswith(b"post") else json.dumps(first_seen).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
