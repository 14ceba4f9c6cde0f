"""Heat, power, memory errors, watchdogs: what /sys knows of the machine's body."""

from __future__ import annotations

import re
from collections.abc import Iterable

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, needed_entries, number, numbered, read, word

_DMI = [
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_asset_tag",
    "board_name",
    "board_serial",
    "board_vendor",
    "board_version",
    "chassis_asset_tag",
    "chassis_serial",
    "chassis_vendor",
    "chassis_version",
    "product_family",
    "product_name",
    "product_serial",
    "product_sku",
    "product_uuid",
    "product_version",
    "system_vendor",
]
_SUPPLY_COUNTS = {
    "authentic": "authentic",
    "calibrate": "calibrate",
    "capacity": "capacity",
    "capacity_alert_max": "capacity_alert_max",
    "capacity_alert_min": "capacity_alert_min",
    "cycle_count": "cyclecount",
    "online": "online",
    "present": "present",
    "time_to_empty_now": "time_to_empty_seconds",
    "time_to_full_now": "time_to_full_seconds",
}
_SUPPLY_MICRO = {
    "current_now": "current_ampere",
    "energy_now": "energy_watthour",
    "voltage_now": "voltage_volt",
    "charge_now": "charge_ampere",
    "power_now": "power_watt",
} | {
    name: name
    for name in [
        "current_boot",
        "current_max",
        "energy_empty",
        "energy_empty_design",
        "energy_full",
        "energy_full_design",
        "voltage_boot",
        "voltage_max",
        "voltage_max_design",
        "voltage_min",
        "voltage_min_design",
        "voltage_ocv",
        "charge_control_limit",
        "charge_control_limit_max",
        "charge_counter",
        "charge_empty",
        "charge_empty_design",
        "charge_full",
        "charge_full_design",
        "charge_term_current",
        "constant_charge_current",
        "constant_charge_current_max",
        "constant_charge_voltage",
        "constant_charge_voltage_max",
        "precharge_current",
        "input_current_limit",
    ]
}
_SUPPLY_TEMPERATURES = [
    "temp",
    "temp_alert_max",
    "temp_alert_min",
    "temp_ambient",
    "temp_ambient_max",
    "temp_ambient_min",
    "temp_max",
    "temp_min",
]
_SUPPLY_TEXTS = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
    "scope",
]
_WATCHDOG = {
    "bootstatus": "bootstatus",
    "fw_version": "fw_version",
    "nowayout": "nowayout",
    "timeleft": "timeleft_seconds",
    "timeout": "timeout_seconds",
    "pretimeout": "pretimeout_seconds",
    "access_cs0": "access_cs0",
}


def dmi(roots: Roots, page: Page) -> None:
    """What the firmware says of the machine."""
    files = {name: "sys_vendor" if name == "system_vendor" else name for name in _DMI}
    found = {name: word(roots.sys(f"class/dmi/id/{file}")) for name, file in files.items()}
    labels = {name: text for name, text in found.items() if text is not None}
    if not labels:
        raise NoData("the firmware gives no DMI information")
    text = f"A metric with a constant '1' value labeled by {', '.join(_DMI)} if provided by DMI."
    page.gauge("node_dmi_info", text, 1, **labels)


def edac(roots: Roots, page: Page) -> None:
    """Memory errors by controller and by row of chips."""
    for controller, path in numbered(roots.sys("devices/system/edac/mc"), "mc"):
        for short, long in (("ce", "correctable"), ("ue", "uncorrectable")):
            total = int(read(f"{path}/{short}_count"))
            text = f"Total {long} memory errors."
            page.counter(f"node_edac_{long}_errors_total", text, total, controller=controller)
            rows = {"unknown": int(read(f"{path}/{short}_noinfo_count"))}
            rows |= {row: int(read(f"{below}/{short}_count")) for row, below in numbered(path, "csrow")}
            name, text = f"node_edac_csrow_{long}_errors_total", f"Total {long} memory errors for this csrow."
            for row, count in rows.items():
                page.counter(name, text, count, controller=controller, csrow=row)


def thermal_zone(roots: Roots, page: Page) -> None:
    """Temperatures of zones, and how hard cooling devices work."""
    folder = roots.sys("class/thermal")
    for zone, path in numbered(folder, "thermal_zone"):
        temperature, kind = number(f"{path}/temp"), word(f"{path}/type")
        if temperature is not None and kind is not None:  # A zone that is switched off has no temperature.
            name, text = "node_thermal_zone_temp", "Zone temperature in Celsius"
            page.gauge(name, text, temperature / 1000, zone=zone, type=kind)
    for device, path in numbered(folder, "cooling_device"):
        kind = word(f"{path}/type") or ""
        for state, adjective in (("cur", "Current"), ("max", "Maximum")):
            value = number(f"{path}/{state}_state")
            if value is not None:
                text = f"{adjective} throttle state of the cooling device"
                page.gauge(f"node_cooling_device_{state}_state", text, value, name=device, type=kind)


def powersupplyclass(roots: Roots, page: Page) -> None:
    """Batteries and mains."""
    folder = roots.sys("class/power_supply")
    for supply in needed_entries(folder):
        path = f"{folder}/{supply}"
        _supply(page, path, supply, _SUPPLY_COUNTS.items(), 1)
        _supply(page, path, supply, _SUPPLY_MICRO.items(), 1e6)
        _supply(page, path, supply, ((name, f"{name}_celsius") for name in _SUPPLY_TEMPERATURES), 10)
        texts = {name: word(f"{path}/{name}") for name in _SUPPLY_TEXTS}
        text = "info of /sys/class/power_supply/<power_supply>."
        labels = {name: value for name, value in texts.items() if value}
        page.gauge("node_power_supply_info", text, 1, power_supply=supply, **labels)


def _supply(page: Page, path: str, supply: str, metrics: Iterable[tuple[str, str]], parts: float) -> None:
    for file, metric in metrics:
        value = number(f"{path}/{file}")
        if value is not None:
            text = f"{metric} value of /sys/class/power_supply/<power_supply>."
            page.gauge(f"node_power_supply_{metric}", text, value / parts, power_supply=supply)


def rapl(roots: Roots, page: Page) -> None:
    """Energy used by the zones of RAPL; the kernel counts in µJ."""
    folder = roots.sys("class/powercap")
    counts: dict[str, int] = {}
    for zone in needed_entries(folder):
        name = word(f"{folder}/{zone}/name")
        if name is None:
            continue
        try:
            energy = int(read(f"{folder}/{zone}/energy_uj"))
        except PermissionError:
            raise NoData(f"{folder}/{zone}/energy_uj may be read by root alone") from None
        name, index = _rapl_name(name, counts)
        metric = re.sub(r"[^a-zA-Z0-9:_]", "_", f"{name}_joules_total")
        text = f"Current RAPL {name} value in joules"
        page.counter(f"node_rapl_{metric}", text, energy / 1e6, index=index, path=f"{folder}/{zone}")


def _rapl_name(name: str, counts: dict[str, int]) -> tuple[str, str]:
    """Split `package-0` into its kind and index; zones without a number are counted."""
    kind, _, digits = name.rpartition("-")
    if kind and digits.isdecimal():
        return kind, digits
    counts[name] = counts.get(name, -1) + 1
    return name, str(counts[name])


def watchdog(roots: Roots, page: Page) -> None:
    """The watchdog timers."""
    folder = roots.sys("class/watchdog")
    for timer in needed_entries(folder):
        for file, metric in _WATCHDOG.items():
            value = number(f"{folder}/{timer}/{file}")
            if value is not None:
                text = f"Value of /sys/class/watchdog/<watchdog>/{file}"
                page.gauge(f"node_watchdog_{metric}", text, value, name=timer)
        names = ("options", "identity", "state", "status", "pretimeout_governor")
        texts = {name: word(f"{folder}/{timer}/{name}") or "" for name in names}
        page.gauge("node_watchdog_info", "Info of /sys/class/watchdog/<watchdog>", 1, name=timer, **texts)
