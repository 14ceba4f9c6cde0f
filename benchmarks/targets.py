"""Scrape targets in a process of their own: `python -m benchmarks.targets PORT` answers any path.

Ten prepared expositions of 5000 lines take turns, so that making them costs nothing while others are measured.
"""

from __future__ import annotations

import asyncio
import sys

LINES = 5000
_TURNS = 10


def exposition(turn: int) -> bytes:
    """Counters of a service: 250 metrics of 20 series each."""
    lines: list[str] = []
    for metric in range(LINES // 20):
        lines += [f"# HELP http_requests_{metric}_total Requests.", f"# TYPE http_requests_{metric}_total counter"]
        for i in range(20):
            value = turn * (1 + (metric * 20 + i) % 13) + i
            lines.append(
                f'http_requests_{metric}_total{{method="GET",path="/api/v1/resource/{i}",status="200"}} {value}'
            )
    return ("\n".join(lines) + "\n").encode()


async def serve(port: int) -> None:
    answers = [_answer(exposition(turn)) for turn in range(_TURNS)]
    turn = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                turn += 1
                writer.write(answers[turn // 20 % _TURNS])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    await server.serve_forever()


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
