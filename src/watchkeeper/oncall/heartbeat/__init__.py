"""Signs of life: those that others owe us, and the one that we owe the outside."""

from __future__ import annotations

from watchkeeper.oncall.heartbeat.heartbeats import Heartbeats, HeartbeatState, UnknownHeartbeat, WrongToken
from watchkeeper.oncall.heartbeat.sections import DeadMansSwitchConfig, HeartbeatConfig, HeartbeatSections
from watchkeeper.oncall.heartbeat.switch import DeadMansSwitches, Vital

__all__ = [
    "DeadMansSwitchConfig",
    "DeadMansSwitches",
    "HeartbeatConfig",
    "HeartbeatSections",
    "HeartbeatState",
    "Heartbeats",
    "UnknownHeartbeat",
    "Vital",
    "WrongToken",
]
