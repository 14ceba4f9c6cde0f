"""Remote-write senders that retry as Prometheus does, and know what was acknowledged."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import urllib3

from wire import V1, Line, packed, request_v1

_RETRY_S = 0.05


@dataclass
class Sender:
    """Sends samples of its own series, one request after the other, each until it is acknowledged.

    Sample n of series i has the value 1000 * n + i. Connection errors and 5xx are tried again with the same bytes; any
    other answer than 2xx is kept in `refused`. A `lot` of samples later all goes on in new series; and with `rewrites`
    each request but the first of a lot says once more what the newest sample but one before it is: half more than it
    was.
    """

    url: str
    name: str
    begin_ms: int
    step_ms: int = 100
    series: int = 5
    samples: int = 4
    lot: int = 0
    """Samples of each series, a multiple of `samples`; 0 where the series stay the same."""
    rewrites: bool = False
    acknowledged: int = 0
    """Samples of each series that were answered with 2xx."""
    sent: int = 0
    """Samples of each series that were sent at all."""
    retries: int = 0
    refused: list[str] = field(default_factory=list)
    unavailable: list[tuple[int, str, str | None]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.thread.start()

    def stop(self, *, finish: bool = True) -> None:
        """End after the request under way is acknowledged."""
        self.ended.set()
        assert self.thread is not None
        if finish:
            self.thread.join(120)
            assert not self.thread.is_alive(), f"{self.name} is still retrying: {self.unavailable[-1:]}"

    def timestamp(self, n: int) -> int:
        return self.begin_ms + n * self.step_ms

    def value(self, n: int, i: int) -> float:
        """What was sent last of that sample, as far as it was acknowledged."""
        rewritten = self.rewrites and n % self.samples == self.samples - 2 and self._goes_on(n + 2)
        return 1000.0 * n + i + (0.5 if rewritten and n + 2 < self.acknowledged else 0.0)

    def expected(self, i: int) -> list[tuple[int, float]]:
        """All acknowledged samples of one series, over all lots."""
        return [(self.timestamp(n), self.value(n, i)) for n in range(self.acknowledged)]

    def lots(self) -> int:
        """How many series there are for each `i`."""
        return -(-self.acknowledged // self.lot) if self.lot else 1

    def body(self) -> bytes:
        """The next request."""
        return packed(request_v1([self._line(i) for i in range(self.series)]))

    def _line(self, i: int) -> Line:
        begin = self.acknowledged
        labels = [("__name__", "sent"), ("i", str(i))]
        labels += [("lot", str(begin // self.lot))] if self.lot else []
        again = [(self.timestamp(begin - 2), 1000.0 * (begin - 2) + i + 0.5)] if self._rewrites_at(begin) else []
        new = [(self.timestamp(n), 1000.0 * n + i) for n in range(begin, begin + self.samples)]
        return Line([*labels, ("sender", self.name)], [*again, *new])

    def _rewrites_at(self, begin: int) -> bool:
        return self.rewrites and self._goes_on(begin)

    def _goes_on(self, begin: int) -> bool:
        """Say whether the request that begins there goes into series that exist."""
        return begin > 0 and (not self.lot or begin % self.lot != 0)

    def _run(self) -> None:
        http = urllib3.PoolManager()
        while not self.ended.is_set() and not self.refused:
            body = self.body()
            self.sent = self.acknowledged + self.samples
            while not self._delivered(http, body):
                if self.ended.is_set() and self.refused:
                    return
                self.retries += 1
                time.sleep(_RETRY_S)
            self.acknowledged = self.sent
            time.sleep(0.01)

    def _delivered(self, http: urllib3.PoolManager, body: bytes) -> bool:
        try:
            answer = http.request("POST", f"{self.url}/api/v1/write", body=body, headers=V1, retries=False, timeout=45)
        except (urllib3.exceptions.HTTPError, OSError):
            return False
        if answer.status >= 500:
            self.unavailable.append((answer.status, answer.data.decode(), answer.headers.get("Retry-After")))
            return False
        if answer.status >= 300:
            self.refused.append(f"{answer.status} {answer.data.decode()}")
            self.ended.set()
        return True
