"""The hardware monitoring chips of /sys/class/hwmon."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, needed_entries, word

_FILE = re.compile(r"(?P<kind>[^0-9]+)(?P<number>[0-9]*)?(_(?P<property>.+))?")
_KINDS = frozenset(
    [
        "vrm",
        "beep_enable",
        "update_interval",
        "in",
        "cpu",
        "fan",
        "pwm",
        "temp",
        "curr",
        "power",
        "energy",
        "humidity",
        "intrusion",
        "freq",
    ]
)
_UNCLEAN = re.compile(r"[^a-z0-9:_]")
_PER_MILLI, _PER_MICRO = 0.001, 1e-6
_UNITS: dict[str, tuple[str, str, float]] = {
    "in": ("_volts", "Hardware monitor for voltage ({})", _PER_MILLI),
    "cpu": ("_volts", "Hardware monitor for voltage ({})", _PER_MILLI),
    "temp": ("_celsius", "Hardware monitor for temperature ({})", _PER_MILLI),
    "curr": ("_amps", "Hardware monitor for current ({})", _PER_MILLI),
    "energy": ("_joule_total", "Hardware monitor for joules used so far ({})", _PER_MICRO),
    "power": ("_watt", "Hardware monitor for power usage in watts ({})", _PER_MICRO),
    "humidity": (
        "",
        "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage) ({})",
        _PER_MICRO,
    ),
}
"""By kind of sensor: the ending of the metric's name, its help, and the unit of the file."""


def hwmon(roots: Roots, page: Page) -> None:
    """Every sensor of every chip."""
    folder = roots.sys("class/hwmon")
    for chip in needed_entries(folder):
        path = f"{folder}/{chip}"
        if Path(path).is_dir():
            _chip(page, path)


def _chip(page: Page, path: str) -> None:
    name = _chip_name(path)
    readable = _clean(word(f"{path}/name") or "")
    if readable:
        text = "Annotation metric for human-readable chip names"
        page.gauge("node_hwmon_chip_names", text, 1, chip=name, chip_name=readable)
    sensors: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for folder in (path, f"{path}/device"):
        for file in entries(folder):
            parts = _FILE.fullmatch(file)
            if parts is None or parts["kind"] not in _KINDS:
                continue
            value = word(f"{folder}/{file}")
            if value is not None:
                sensor = parts["kind"] + str(int(parts["number"] or 0))
                sensors[parts["kind"], sensor][parts["property"] or ""] = value
    for (kind, sensor), values in sorted(sensors.items()):
        _sensor(page, kind, {"chip": name, "sensor": sensor}, values)


def _chip_name(path: str) -> str:
    """A name that stays the same over restarts: the device's bus and name, else what the driver says."""
    device = Path(path, "device")
    if device.exists():
        device = device.resolve()
        bus, name = _clean(device.parent.name), _clean(device.name)
        if name:
            return f"{bus}_{name}" if bus else name
    return _clean(word(f"{path}/name") or "") or _clean(Path(path).resolve().name)


def _sensor(page: Page, kind: str, labels: dict[str, str], values: dict[str, str]) -> None:
    if "label" in values:
        text = "Label for given chip and sensor"
        page.gauge("node_hwmon_sensor_label", text, 1, **labels, label=values["label"])
    match kind:
        case "beep_enable":
            page.gauge("node_hwmon_beep_enabled", "Hardware beep enabled", int(values.get("") == "1"), **labels)
        case "vrm":
            _tell(page, "voltage_regulator_version", "Hardware voltage regulator", values.get(""), 1, labels)
        case "update_interval":
            text = "Hardware monitor update interval"
            _tell(page, "update_interval_seconds", text, values.get(""), _PER_MILLI, labels)
        case _:
            for element, value in sorted(values.items()):
                if element != "label":
                    _element(page, kind, element, value, labels, values)


def _element(page: Page, kind: str, element: str, value: str, labels: dict[str, str], values: dict[str, str]) -> None:
    name = kind
    if element == "input":
        name += "_input" if "" in values else ""
    elif element:
        name += "_" + _clean(element)
    if element in ("fault", "alarm"):
        _tell(page, name, f"Hardware sensor {element} status ({kind})", value, 1, labels)
    elif element == "beep":
        _tell(page, name + "_enabled", "Hardware monitor sensor has beeping enabled", value, 1, labels)
    elif kind == "power" and element == "accuracy":
        _tell(page, name, "Hardware monitor power meter accuracy, as a ratio", value, _PER_MICRO, labels)
    elif kind == "power" and element.startswith("average_interval"):
        text = f"Hardware monitor power usage update interval ({element})"
        _tell(page, name + "_seconds", text, value, _PER_MILLI, labels)
    elif kind == "fan" and element in ("input", "min", "max", "target"):
        text = f"Hardware monitor for fan revolutions per minute ({element})"
        _tell(page, name + "_rpm", text, value, 1, labels)
    elif kind == "freq" and element == "input":
        if "label" in values:
            labels = labels | {"sensor": _clean(values["label"])}
        _tell(page, name + "_freq_mhz", "Hardware monitor for GPU frequency in MHz", value, _PER_MICRO, labels)
    elif kind in _UNITS and not (kind == "temp" and element == "type"):
        ending, text, unit = _UNITS[kind]
        _tell(page, name + ending, text.format(element), value, unit, labels)
    else:
        _tell(page, name, f"Hardware monitor {kind} element {element}", value, 1, labels)


def _tell(page: Page, metric: str, text: str, value: str | None, unit: float, labels: dict[str, str]) -> None:
    try:
        reading = float(value or "")
    except ValueError:
        return  # Some drivers write words where others write numbers.
    tell = page.counter if metric.endswith("_joule_total") else page.gauge
    tell(f"node_hwmon_{metric}", text, reading * unit, **labels)


def _clean(text: str) -> str:
    return _UNCLEAN.sub("_", text.lower()).strip("_")
