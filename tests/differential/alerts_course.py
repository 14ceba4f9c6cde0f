"""Plays scenes on Alertmanager and on Watchkeeper at the same time, and gathers what each tells."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts_beside import NEVER as NO_TIME
from alerts_beside import Pair, Side
from alerts_random import NEVER, Deed, Expired, Rhythm, Scene, Section, Sent, Silenced, configuration

Told = dict[str, dict[str, list[dict[str, Any]]]]
"""By path and group key, in order; each with the beat at which it came, as `beat`."""


def text_of(scenes: Sequence[Scene], rhythm: Rhythm, i: int = 0) -> str:
    """The configuration after `i` reloads."""
    return json.dumps(configuration([scene.settings[min(i, len(scene.settings) - 1)] for scene in scenes], rhythm))


@dataclass
class Course:
    """One run: `began` is its first second on the clock that never jumps, `base` on the wall's."""

    pair: Pair
    scenes: Sequence[Scene]
    rhythm: Rhythm
    began: float = 0.0
    base: datetime = field(default_factory=lambda: datetime.now(UTC))
    away_s: float = 0.0
    listed: defaultdict[str, dict[float, Section]] = field(default_factory=lambda: defaultdict(dict))
    """By side and instant, what its API lists half a beat later."""

    def play(self, last: float) -> tuple[Told, Told]:
        """What each told until the beat `last`."""
        self.began, self.base = time.monotonic(), datetime.now(UTC)
        reloads, beat_s = self.rhythm.reloads, self.rhythm.beat_s
        restart = self.rhythm.restart
        instants = sorted(
            {*reloads, *([] if restart is None else [restart]), *(at for scene in self.scenes for at, _ in scene.deeds)}
        )
        with ThreadPoolExecutor(2) as threads:
            for at in instants:
                time.sleep(max(0.0, self.began + at * beat_s - time.monotonic()))
                if at in reloads:
                    text = text_of(self.scenes, self.rhythm, list(reloads).index(at) + 1)
                    self._each(threads, lambda side, text=text: self.pair.reload(side, text))
                if at == restart:
                    self._restart()
                    self._each(threads, self._send_again)
                self._each(threads, lambda side, at=at: self._do(side, at))
                if at + 1 <= min([one for one in instants if one > at], default=last):
                    time.sleep(max(0.0, self.began + (at + 0.5) * beat_s - time.monotonic()))
                    self._each(threads, lambda side, at=at: self._look(side, at))
        time.sleep(max(0.0, self.began + last * beat_s - time.monotonic()))
        return self._told(self.pair.theirs), self._told(self.pair.ours)

    def _look(self, side: Side, at: float) -> None:
        """What is listed between two instants, with the names of silences for their ids."""
        names = {id: name for name, id in side.ids.items()}
        alerts, groups = (side.ask("GET", f"/api/v2/alerts{path}").body for path in ("", "/groups"))
        members = [alert for group in groups for alert in group["alerts"]]
        for alert in [*alerts, *members]:
            alert.update(self._shown(alert))
            del alert["updatedAt"]
            alert["status"]["silencedBy"] = sorted(names[id] for id in alert["status"]["silencedBy"])
        for alert in members:
            # A new group of an old name is shown as muted as the old one was, for up to half a minute.
            del alert["status"]["mutedBy"], alert["status"]["state"]
        # Groups with the same labels and receiver stand in any order.
        groups.sort(key=lambda group: json.dumps([group["labels"], group["receiver"], group["alerts"]]))
        self.listed[side.name][at] = {"alerts": alerts, "groups": groups}

    def _restart(self) -> None:
        """End both and start them; the time that this takes is none of the course's."""
        before = time.monotonic()
        self.pair.stop()
        self.pair.start()
        away_s = time.monotonic() - before
        self.began += away_s
        self.away_s += away_s

    def _send_again(self, side: Side) -> None:
        newest: dict[str, Sent] = {}
        for at, deed in (one for scene in self.scenes for one in scene.deeds):
            if isinstance(deed, Sent) and at < (self.rhythm.restart or 0):
                newest[json.dumps(deed.labels)] = deed
        side.post([self._alert(sent) for sent in newest.values() if sent.ends == NEVER])

    def _each(self, threads: ThreadPoolExecutor, act: Callable[[Side], None]) -> None:
        for done in [threads.submit(act, side) for side in self.pair]:
            done.result()

    def _do(self, side: Side, at: float) -> None:
        deeds = [deed for scene in self.scenes for when, deed in scene.deeds if when == at]
        alerts = [self._alert(deed) for deed in deeds if isinstance(deed, Sent)]
        # Of each scene in order, of several at once: all is to be done before the next flush.
        with ThreadPoolExecutor(8) as threads:
            silences = [[one for one in scene.deeds if one[0] == at] for scene in self.scenes]
            list(threads.map(lambda own: [self._silence(side, deed) for _, deed in own], silences))
        if alerts:
            side.post(alerts)

    def _alert(self, sent: Sent) -> Section:
        times = {"startsAt": sent.starts, "endsAt": sent.ends}
        given = {name: self._instant(beats) for name, beats in times.items() if beats is not None}
        return {"labels": sent.labels, "annotations": sent.annotations, **given}

    def _silence(self, side: Side, deed: Deed) -> None:
        if isinstance(deed, Silenced):
            times = {"startsAt": self._instant(deed.starts), "endsAt": self._instant(deed.ends)}
            body = {"matchers": deed.matchers, **times, "createdBy": "alice", "comment": deed.name}
            answer = side.ask("POST", "/api/v2/silences", body)
            # Some of what is drawn matches the empty string; both must then refuse it.
            side.ids[deed.name] = answer.body["silenceID"] if answer.status == 200 else ""
        elif isinstance(deed, Expired) and side.ids[deed.name]:
            side.ask("DELETE", f"/api/v2/silence/{side.ids[deed.name]}")

    def _instant(self, beats: float) -> str:
        away_s = self.away_s if self.rhythm.restart is not None and beats >= self.rhythm.restart else 0
        moment = self.base + timedelta(seconds=beats * self.rhythm.beat_s + away_s)
        return moment.isoformat(timespec="milliseconds")

    def _told(self, side: Side) -> Told:
        told: defaultdict[str, defaultdict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for path, payloads in sorted(side.heard.told.items()):
            for payload, when in zip(payloads, side.heard.when[path], strict=True):
                shown = {key: value for key, value in payload.items() if key != "externalURL"}
                shown["alerts"] = [self._shown(alert) for alert in payload["alerts"]]
                told[path][payload["groupKey"]].append({**shown, "beat": self._beat(when - self.began)})
        return {path: dict(groups) for path, groups in told.items()}

    def _shown(self, alert: dict[str, Any]) -> dict[str, Any]:
        return {**alert, "startsAt": self._shown_beat(alert["startsAt"]), "endsAt": self._shown_beat(alert["endsAt"])}

    def _shown_beat(self, text: str) -> int | None:
        """The beat that an instant lies next to: the two are not told at the same moment."""
        if text == NO_TIME:
            return None
        seconds = (datetime.fromisoformat(text) - self.base).total_seconds()
        restart_s = (self.rhythm.restart or 0) * self.rhythm.beat_s
        return self._beat(seconds - self.away_s if seconds > restart_s + self.away_s / 2 else seconds)

    def _beat(self, seconds: float) -> int:
        return round(seconds / self.rhythm.beat_s)


def in_order(told: Told) -> Told:
    """The same without the beats at which it came."""
    return {
        path: {key: [_without_beat(one) for one in payloads] for key, payloads in groups.items()}
        for path, groups in told.items()
    }


def _without_beat(payload: Section) -> Section:
    return {name: value for name, value in payload.items() if name != "beat"}
