"""Random routing trees, and what happens to alerts below them: what Alertmanager and Watchkeeper must tell alike.

Each scene is a tree of its own below the root route, reached by its label `scene`, so that many are played at once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from watchkeeper.alerts.inhibition import InhibitRule
from watchkeeper.app.configuration import load_text

Section = dict[str, Any]
_CHANGES = ["same", "same", "group_by", "receiver", "add", "remove", "inhibit", "mute", "hook", "all"]
NEVER = 86_400.0
"""The end of what does not end while a scene lasts."""
_VALUES = {
    "alertname": ["A", "B", "C"],
    "team": ["x", "y", "z", ""],
    "sev": ["critical", "warning", "info"],
    "instance": ["1", "2", "10"],
    "job": ["a", "b"],
    "a label": ["ü", "a b"],
}
_PRESENT = {"alertname": 1.0, "team": 0.8, "sev": 0.7, "instance": 0.5, "job": 0.3, "a label": 0.2}


@dataclass(frozen=True)
class Sent:
    """An alert as it is sent; times in beats from the beginning of the scene, None where they are left out."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts: float | None = None
    ends: float | None = None


@dataclass(frozen=True)
class Silenced:
    """A silence that is made; times as in `Sent`."""

    name: str
    matchers: list[Section]
    starts: float
    ends: float


@dataclass(frozen=True)
class Expired:
    """The end of a silence."""

    name: str


Deed = Sent | Silenced | Expired


@dataclass(frozen=True)
class Setting:
    """A scene's part of the configuration."""

    route: Section
    receivers: list[Section]
    inhibit_rules: list[Section]


@dataclass(frozen=True)
class Scene:
    """What is configured at first and after each reload, and what happens at which second."""

    name: str
    settings: list[Setting]
    deeds: list[tuple[float, Deed]]


@dataclass(frozen=True)
class Rhythm:
    """When things happen: instants of deeds lie between those of flushes, whatever is drawn.

    Times are in beats, of `beat_s` seconds each: longer ones bear with a slower machine.
    """

    waits: Sequence[int] = (1, 3)
    intervals: Sequence[int] = (2, 4)
    repeats: Sequence[int] = (3, 5, 7, 3600)
    instants: Sequence[float] = (0, 2, 4, 6, 8, 10, 12, 14, 16)
    reloads: Sequence[float] = ()
    restart: float | None = None
    ends_by_itself: bool = True
    beat_s: int = 1

    def of(self, beats: float) -> str:
        """A duration as configurations have it."""
        return f"{round(beats * self.beat_s * 1000)}ms"


FLUSHES = Rhythm()
"""Flushes happen at odd beats, deeds at even ones."""
RELOADS = Rhythm((1,), (2,), (3600,), (0, 4, 7.5, 12, 15.5, 20), (8, 16), ends_by_itself=False)
"""Between two deeds, every group is looked at: when exactly does not matter, since a reload changes that."""
RESTARTS = Rhythm((1,), (2,), (3600,), (0, 4, 12, 16), restart=8, ends_by_itself=False)
"""As `RELOADS`. What fires is sent again after the start, as Prometheus does, for Alertmanager has forgotten it."""


def configuration(settings: Sequence[Setting], rhythm: Rhythm) -> Section:
    """The whole file of scenes together; webhooks go to `PORT`."""
    return {
        "global": {"resolve_timeout": rhythm.of(6)},
        "route": {"receiver": "nobody", "routes": [one.route for one in settings]},
        "receivers": [{"name": "nobody"}, *(receiver for one in settings for receiver in one.receivers)],
        "inhibit_rules": [rule for one in settings for rule in one.inhibit_rules],
        "time_intervals": [
            {"name": "always", "time_intervals": [{"years": ["2000:2999"]}]},
            {"name": "never", "time_intervals": [{"years": ["1999"]}]},
        ],
    }


def draw_scene(seed: int, rhythm: Rhythm) -> Scene:
    """The scene of a seed; always the same."""
    return _Draw(seed, rhythm).scene()


def _with_one_source(setting: Setting, sent: Sequence[dict[str, str]]) -> Setting:
    """The setting without rules of which an alert may have two sources: Alertmanager 0.33 forgets all but one."""
    whole = {"route": {"receiver": "r"}, "receivers": [{"name": "r"}], "inhibit_rules": setting.inhibit_rules}
    routing = load_text(json.dumps(whole), "scene.yml", {}).routing
    assert routing is not None
    pairs = zip(setting.inhibit_rules, routing.inhibit_rules, strict=True)
    return replace(setting, inhibit_rules=[section for section, rule in pairs if _has_one_source(rule, sent)])


def _has_one_source(rule: InhibitRule, sent: Sequence[dict[str, str]]) -> bool:
    different = {json.dumps(labels, sort_keys=True): labels for labels in sent}.values()
    sources = [one for one in different if all(m.matches(one.get(m.name, "")) for m in rule.source)]
    return len({tuple(one.get(name, "") for name in rule.equal) for one in sources}) == len(sources)


@dataclass
class _Draw:
    seed: int
    rhythm: Rhythm
    dice: random.Random = field(init=False)
    sent: list[Sent] = field(default_factory=list)
    busy: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.name = f"s{self.seed}"
        # Whoever says when an alert began makes an old one of it, which is told at once where its group is made anew.
        self.says_when = not self.rhythm.ends_by_itself and (self.rhythm.restart is not None or self.chance(0.5))

    def scene(self) -> Scene:
        settings = [self.setting()]
        for _ in self.rhythm.reloads:
            settings.append(self.changed(settings[-1]))
        # An alert that is older than its group's wait is told at once: from then on its group's flushes are in step
        # with the deeds, which therefore happen half-way between them.
        old = self.rhythm.ends_by_itself and self.chance(0.2)
        deeds: list[tuple[float, Deed]] = []
        if old:
            first = replace(self.alert(), starts=-20.0, ends=NEVER)
            self.sent.append(first)
            deeds.append((0, first))
        names: list[str] = []
        for at in self.rhythm.instants:
            self.busy = []
            number = self.dice.randint(2, 4) if at == 0 else self.dice.randint(0, 2)
            deeds.extend((at + old, self.deed(at + old, names)) for _ in range(number))
        sent = [deed.labels for _, deed in deeds if isinstance(deed, Sent)]
        return Scene(self.name, [_with_one_source(setting, sent) for setting in settings], deeds)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    # --- the configuration

    def setting(self) -> Setting:
        receivers = [self.receiver(i) for i in range(self.dice.randint(1, 3))]
        names = [one["name"] for one in receivers]
        route = {**self.route(names, 0), "receiver": names[0], "matchers": [f"scene={self.name}"]}
        for key in ("match", "match_re", "continue"):
            route.pop(key, None)
        # After a start Alertmanager may tell of a target before it has learned of the source.
        rules = 0 if self.rhythm.restart else self.dice.choice([0, 0, 1, 2])
        return Setting(route, receivers, [self.inhibition() for _ in range(rules)])

    def receiver(self, i: int) -> Section:
        hooks = [self.webhook(f"{i}/{j}") for j in range(self.dice.choice([1, 1, 1, 2]))]
        return {"name": f"{self.name}-{i}", "webhook_configs": hooks}

    def webhook(self, path: str) -> Section:
        hook: Section = {"url": f"http://127.0.0.1:PORT/{self.name}/{path}"}
        if self.chance(0.25):
            hook["send_resolved"] = False
        if self.chance(0.2):
            hook["max_alerts"] = self.dice.choice([1, 2])
        return hook

    def route(self, receivers: Sequence[str], depth: int) -> Section:
        route: Section = self.match()
        draws: dict[str, Callable[[], Any]] = {
            "receiver": lambda: self.dice.choice(receivers),
            "group_by": self.group_by,
            "group_wait": lambda: self.rhythm.of(self.dice.choice(self.rhythm.waits)),
            "group_interval": lambda: self.rhythm.of(self.dice.choice(self.rhythm.intervals)),
            "repeat_interval": lambda: self.rhythm.of(self.dice.choice(self.rhythm.repeats)),
        }
        for key, draw in draws.items():
            if (depth == 0 and key != "receiver") or self.chance(0.4):
                route[key] = draw()
        if self.chance(0.35):
            route["continue"] = True
        if depth > 0 and self.chance(0.15):
            route["mute_time_intervals"] = [self.dice.choice(["always", "never"])]
        if depth > 0 and self.chance(0.15):
            route["active_time_intervals"] = self.dice.sample(["always", "never"], self.dice.randint(1, 2))
        if depth < 3:
            below = [self.route(receivers, depth + 1) for _ in range(self.dice.choice([0, 0, 1, 2, 3][depth:]))]
            if below:
                route["routes"] = below
        return route

    def group_by(self) -> list[str]:
        draw = self.dice.random()
        if draw < 0.15:
            return ["..."]
        return [] if draw < 0.3 else self.dice.sample(["alertname", "team", "sev", "a label"], self.dice.randint(1, 3))

    def match(self) -> Section:
        draw = self.dice.random()
        if draw < 0.15:
            name, value = self.pair()
            return {"match": {name: value}}
        if draw < 0.3:
            name, _ = self.pair()
            return {"match_re": {name: self.expression(name)}}
        if draw < 0.35:
            return {}
        texts = [self.matcher() for _ in range(self.dice.choice([1, 1, 2]))]
        if len(texts) == 2 and self.chance(0.5):
            return {"matchers": ["{" + ", ".join(texts) + "}"]}
        return {"matchers": texts}

    def pair(self) -> tuple[str, str]:
        name = self.dice.choice(["alertname", "team", "sev", "instance"])
        return name, self.dice.choice(_VALUES[name])

    def expression(self, name: str) -> str:
        a, b = self.dice.choice(_VALUES[name]), self.dice.choice(_VALUES[name])
        return self.dice.choice([f"{a}|{b}", f"{a}.*", ".+", ".*", f"[{a or 'q'}]", f"(?i){a.upper()}"])

    def matcher(self) -> str:
        name = self.dice.choice(list(_VALUES))
        shown = f'"{name}"' if " " in name else name
        op = self.dice.choice(["=", "=", "!=", "=~", "!~"])
        value = self.dice.choice(_VALUES[name]) if "~" not in op else self.expression(name)
        return f"{shown}{self.dice.choice(['', ' '])}{op}" + (
            value if value.isalnum() and self.chance(0.4) else f'"{value}"'
        )

    def inhibition(self) -> Section:
        rule: Section = {}
        for side in ("source", "target"):
            name, value = self.pair()
            if self.chance(0.3):
                rule[f"{side}_match"] = {"scene": self.name, name: value}
            elif self.chance(0.3):
                rule[f"{side}_match_re"] = {"scene": self.name, name: self.expression(name)}
            else:
                rule[f"{side}_matchers"] = [f"scene={self.name}", self.matcher()]
        if self.chance(0.7):
            rule["equal"] = self.dice.sample(["team", "alertname", "instance", "absent"], self.dice.randint(1, 2))
        return rule

    # --- a reload

    def changed(self, before: Setting) -> Setting:
        """A setting that is like another but for one thing, or not at all."""
        route, receivers, rules = dict(before.route), before.receivers, before.inhibit_rules
        names = [one["name"] for one in receivers]
        match self.dice.choice(_CHANGES):
            case "group_by":
                route["group_by"] = self.group_by()
            case "receiver":
                route["receiver"] = self.dice.choice(names)
            case "add":
                new = self.route(names, 2)
                route["routes"] = self.dice.choice([[new, *route.get("routes", [])], [*route.get("routes", []), new]])
            case "remove":
                route["routes"] = route.get("routes", [])[1:]
            case "inhibit":
                rules = [] if rules and self.chance(0.5) else [*rules, self.inhibition()]
            case "mute":
                if "mute_time_intervals" in route:
                    route["mute_time_intervals"] = ["never"]
                else:
                    route["mute_time_intervals"] = ["always"]
            case "hook":
                receivers = [self.receiver(i) for i in range(len(receivers))]
            case "all":
                return replace(self.setting(), receivers=receivers) if len(receivers) == 3 else self.setting()
            case _:
                pass
        return Setting(route, receivers, rules)

    # --- what happens

    def alert(self) -> Sent:
        drawn = {n: self.dice.choice(v) for n, v in _VALUES.items() if self.chance(_PRESENT[n])}
        labels = {"scene": self.name, **{name: value for name, value in drawn.items() if value}}
        return Sent(labels, self.annotations())

    def annotations(self) -> dict[str, str]:
        return {n: self.dice.choice(["1", "2", ""]) for n in ("about", "more") if self.chance(0.6)}

    def deed(self, at: float, silences: list[str]) -> Deed:
        draw = self.dice.random()
        # Of two alerts with the same labels in one request Alertmanager takes either last.
        firing = [one for one in self.sent if one.labels not in self.busy]
        if firing and draw < 0.3:
            return self.keep(self.begun(replace(self.dice.choice(firing), starts=None, ends=at), at))
        if firing and draw < 0.42:
            again = replace(self.dice.choice(firing), annotations=self.annotations(), starts=None)
            return self.keep(self.begun(replace(again, ends=self.end(at)), at))
        if draw < 0.54:
            return self.silence(at, silences)
        if silences and draw < 0.62:
            return Expired(self.dice.choice(silences))
        sent = self.begun(replace(self.alert(), ends=self.end(at)), at)
        if self.chance(0.15) and not self.says_when:
            sent = replace(sent, starts=at + 4, ends=NEVER)
        return self.silence(at, silences) if sent.labels in self.busy else self.keep(sent)

    def keep(self, sent: Sent) -> Sent:
        self.busy.append(sent.labels)
        self.sent = [one for one in self.sent if one.labels != sent.labels] + [sent]
        return sent

    def begun(self, sent: Sent, at: float) -> Sent:
        known = next((one for one in self.sent if one.labels == sent.labels and one.ends == NEVER), None)
        # A beat later than it is sent: a machine that is slow to send it must not make an old alert of it.
        at = at if sent.ends == at else at + 1
        began = known.starts if known is not None and known.starts is not None else at
        return replace(sent, starts=began) if self.says_when else sent

    def end(self, at: float) -> float | None:
        if not self.rhythm.ends_by_itself:
            return NEVER
        return self.dice.choice([NEVER, NEVER, NEVER, None, at + 2, at + 4])

    def silence(self, at: float, silences: list[str]) -> Silenced:
        name = f"{self.name}-{len(silences)}"
        silences.append(name)
        matchers = [{"name": "scene", "value": self.name, "isRegex": False, "isEqual": True}]
        if self.chance(0.8):
            label, value = self.pair()
            regex = self.chance(0.3)
            value = self.expression(label) if regex else value
            matchers.append({"name": label, "value": value, "isRegex": regex, "isEqual": self.chance(0.8)})
        starts = at + (2 if self.rhythm.ends_by_itself and self.chance(0.2) else 0)
        ends = starts + (4 if self.rhythm.ends_by_itself and self.chance(0.4) else NEVER)
        return Silenced(name, matchers, starts, ends)
