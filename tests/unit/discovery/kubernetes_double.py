"""A cluster's API as far as discovery speaks it: lists in pages, watches with bookmarks, selectors by label."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

from aiohttp import web

PATHS = {
    "nodes": "/api/v1",
    "pods": "/api/v1",
    "services": "/api/v1",
    "endpoints": "/api/v1",
    "namespaces": "/api/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
}
KINDS = {
    "nodes": "Node",
    "pods": "Pod",
    "services": "Service",
    "endpoints": "Endpoints",
    "namespaces": "Namespace",
    "endpointslices": "EndpointSlice",
    "ingresses": "Ingress",
}


class KubernetesDouble:
    """Serves objects at `url`; `put` and `delete` reach open watches."""

    def __init__(self, token: str = "", page: int = 2) -> None:
        self.token = token
        self.page = page
        self.version = 1
        self.objects: dict[str, dict[str, dict[str, Any]]] = {plural: {} for plural in PATHS}
        self.requests: list[web.Request] = []
        self.expire_next_watch = False
        self.broken = False
        self._watches: list[tuple[str, str, str, asyncio.Queue[bytes | None]]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, ssl_context: Any = None) -> None:
        app = web.Application()
        app.router.add_get("/version", self._version)
        for plural, prefix in PATHS.items():
            app.router.add_get(f"{prefix}/{plural}", self._handler(plural))
            app.router.add_get(f"{prefix}/namespaces/{{namespace}}/{plural}", self._handler(plural))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=ssl_context)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if ssl_context else 'http'}://127.0.0.1:{port}"

    async def stop(self) -> None:
        self.end_watches()
        if self._runner is not None:
            await self._runner.cleanup()

    def put(self, plural: str, item: dict[str, Any]) -> None:
        """Add or replace an object."""
        self.version += 1
        item = copy.deepcopy(item)
        item["apiVersion"] = PATHS[plural].removeprefix("/apis/").removeprefix("/api/")
        item["kind"] = KINDS[plural]
        item["metadata"]["resourceVersion"] = str(self.version)
        key = _key(item)
        kind = "MODIFIED" if key in self.objects[plural] else "ADDED"
        self.objects[plural][key] = item
        self._tell(plural, kind, item)

    def delete(self, plural: str, key: str) -> None:
        """Take an object away."""
        self.version += 1
        item = self.objects[plural].pop(key)
        item["metadata"]["resourceVersion"] = str(self.version)
        self._tell(plural, "DELETED", item)

    def bookmark(self, plural: str) -> None:
        """Tell watches how far they are."""
        item = {"kind": KINDS[plural], "metadata": {"resourceVersion": str(self.version)}}
        self._tell(plural, "BOOKMARK", item)

    def end_watches(self) -> None:
        """Close all open watches, as a server does now and then."""
        for *_, queue in self._watches:
            queue.put_nowait(None)
        self._watches.clear()

    def fail_watches(self, code: int) -> None:
        """End all open watches with an error."""
        status = {"kind": "Status", "code": code, "message": "too old resource version"}
        for *_, queue in self._watches:
            queue.put_nowait(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
        self.end_watches()

    @property
    def watching(self) -> int:
        """How many watches are open."""
        return len(self._watches)

    def _tell(self, plural: str, kind: str, item: dict[str, Any]) -> None:
        line = json.dumps({"type": kind, "object": item}).encode() + b"\n"
        for watched, namespace, selector, queue in self._watches:
            if watched == plural and (kind == "BOOKMARK" or _selected(item, namespace, selector)):
                queue.put_nowait(line)

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"major": "1", "minor": "30", "gitVersion": "v1.30.0"})

    def _handler(self, plural: str) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
                return web.json_response({"kind": "Status", "code": 401}, status=401)
            if self.broken:
                return web.json_response({"kind": "Status", "code": 500}, status=500)
            namespace = request.match_info.get("namespace", "")
            if request.query.get("watch") in ("true", "1"):
                return await self._watch(request, plural, namespace)
            return self._list(request, plural, namespace)

        return handle

    def _list(self, request: web.Request, plural: str, namespace: str) -> web.Response:
        selector = request.query.get("labelSelector", "")
        items = [item for item in self.objects[plural].values() if _selected(item, namespace, selector)]
        start = int(request.query.get("continue") or 0)
        meta = {"resourceVersion": str(self.version)}
        if start + self.page < len(items) and "limit" in request.query:
            meta["continue"] = str(start + self.page)
            items = items[start : start + self.page]
        else:
            items = items[start:]
        version = PATHS[plural].removeprefix("/apis/").removeprefix("/api/")
        return web.json_response(
            {"kind": f"{KINDS[plural]}List", "apiVersion": version, "metadata": meta, "items": items}
        )

    async def _watch(self, request: web.Request, plural: str, namespace: str) -> web.StreamResponse:
        if request.query.get("sendInitialEvents") == "true":  # as servers answer that do not stream lists
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}
            return web.json_response(status, status=422)
        if self.expire_next_watch:
            self.expire_next_watch = False
            return web.json_response({"kind": "Status", "code": 410}, status=410)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._watches.append((plural, namespace, request.query.get("labelSelector", ""), queue))
        while (line := await queue.get()) is not None:
            await response.write(line)
        return response


def _selected(item: dict[str, Any], namespace: str, selector: str) -> bool:
    meta = item["metadata"]
    if namespace and meta.get("namespace") != namespace:
        return False
    wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
    return all(meta.get("labels", {}).get(name) == value for name, value in wanted.items())


def _key(item: dict[str, Any]) -> str:
    meta = item["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else meta["name"]
