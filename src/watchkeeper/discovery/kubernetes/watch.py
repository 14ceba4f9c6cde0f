"""Following all objects of one kind: list them, then watch them (Kubernetes API concepts, efficient detection)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from watchkeeper.base.http import HTTPClient, HTTPFailure
from watchkeeper.discovery.group import DiscoveryFailure
from watchkeeper.discovery.kubernetes.objects import Kind, Meta
from watchkeeper.discovery.metrics import DiscoveryMetrics

log = logging.getLogger(__name__)

PAGE = 500
WATCH_S = 300
"""How long the server keeps one watch open; then a new one goes on from where it was."""
REOPEN_S = 0.2
"""A pause, so that a server or proxy that ends watches at once is not asked without end."""
BACKOFF_S = 1.0
BACKOFF_LIMIT_S = 30.0
GONE = 410
LINE_LIMIT_BYTES = 64 << 20


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct):
    metadata: Meta = Meta()


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Expired(Exception):
    """The server no longer knows the version that the watch would go on from."""


@dataclass(frozen=True, slots=True)
class Resource(Generic[Kind]):
    """Objects of one kind: the path of their list, and what narrows it."""

    path: str
    kind: type[Kind]
    label_selector: str = ""
    field_selector: str = ""

    def url(self, server: str, **parameters: str) -> str:
        """The list's URL."""
        given = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector, **parameters}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{server}{self.path}{'?' + query if query else ''}"


class Watch(Generic[Kind]):
    """All objects of one kind as they are now, in `objects` by their key.

    `changed` is called with an object's key and what it was before, whenever it comes, changes or goes. `synced` is
    set once everything has been listed.
    """

    def __init__(
        self,
        client: HTTPClient,
        server: str,
        resource: Resource[Kind],
        changed: Callable[[str, Kind | None], None],
        metrics: DiscoveryMetrics,
    ) -> None:
        self.objects: dict[str, Kind] = {}
        self.synced = asyncio.Event()
        self._client = client
        self._server = server
        self._resource = resource
        self._changed = changed
        self._metrics = metrics
        self._version = ""

    async def run(self) -> None:
        """Follow the objects until cancelled; what fails is tried again, and the objects known stay meanwhile."""
        backoff_s = BACKOFF_S
        while True:
            try:
                await self._list()
                self.synced.set()
                backoff_s = BACKOFF_S
                while True:
                    await self._watch()
                    await asyncio.sleep(REOPEN_S)
            except _Expired:
                log.debug("%s is listed again: its version is gone", self._resource.path)
                await asyncio.sleep(REOPEN_S)
            except (HTTPFailure, DiscoveryFailure) as failure:
                self._metrics.failed("kubernetes")
                log.warning("kubernetes discovery keeps its targets: %s", failure)
                await asyncio.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, BACKOFF_LIMIT_S)

    async def _list(self) -> None:
        found: dict[str, Kind] = {}
        page = ""
        while True:
            url = self._resource.url(self._server, limit=str(PAGE), **{"continue": page})
            answer = await self._client.request("GET", url, headers={"Accept": "application/json"})
            if answer.status == GONE and page:
                page, found = "", {}
                continue
            if answer.status != 200:
                raise DiscoveryFailure(f"{self._resource.path}: the API answers with the status {answer.status}")
            listed = _decode(answer.body, _List)
            for raw in listed.items or ():
                item = _decode(raw, self._resource.kind)
                found[item.metadata.key] = item
            page = listed.metadata.continue_
            if not page:
                break
        self._version = listed.metadata.resource_version
        for key in [key for key in self.objects if key not in found]:
            self._put(key, None)
        for key, item in found.items():
            if self.objects.get(key) != item:
                self._put(key, item)

    async def _watch(self) -> None:
        url = self._resource.url(
            self._server,
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=self._version,
            timeoutSeconds=str(WATCH_S),
        )
        async with self._client.stream(
            "GET", url, headers={"Accept": "application/json"}, timeout_s=WATCH_S + 30
        ) as response:
            if response.status == GONE:
                raise _Expired
            if response.status != 200:
                raise DiscoveryFailure(f"{self._resource.path}: the API answers a watch with {response.status}")
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line:
                        self._take(_decode(line, _Event))
                if len(rest) > LINE_LIMIT_BYTES:
                    raise DiscoveryFailure(f"{self._resource.path}: an event is longer than {LINE_LIMIT_BYTES} bytes")

    def _take(self, event: _Event) -> None:
        if event.type == "ERROR":
            status = _decode(event.object, _Status)
            if status.code == GONE:
                raise _Expired
            raise DiscoveryFailure(f"{self._resource.path}: the watch ends with {status.code} {status.message}")
        if event.type == "BOOKMARK":
            self._version = _decode(event.object, _Bookmark).metadata.resource_version or self._version
            return
        item = _decode(event.object, self._resource.kind)
        self._version = item.metadata.resource_version or self._version
        self._put(item.metadata.key, None if event.type == "DELETED" else item)

    def _put(self, key: str, item: Kind | None) -> None:
        before = self.objects.pop(key, None)
        if item is not None:
            self.objects[key] = item
        self._changed(key, before)


_Decoded = TypeVar("_Decoded")


def _decode(content: bytes | msgspec.Raw, kind: type[_Decoded]) -> _Decoded:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        what = kind.__name__.strip("_")
        raise DiscoveryFailure(f"the Kubernetes API answers with what is no {what}: {error}") from error
