"""Vocabularies in common use."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.model.severity import Hours, Severity

_MINUTE, _HOUR = 60_000, 3_600_000
PRESETS: Mapping[str, tuple[Severity, ...]] = {
    "critical_high_medium_low": (
        Severity("critical", respond_within_ms=5 * _MINUTE),
        Severity("high", respond_within_ms=15 * _MINUTE),
        Severity("medium", respond_within_ms=_HOUR),
        Severity("low", respond_within_ms=4 * _HOUR),
    ),
    "immediate_30m_2h_24h": (
        Severity("critical", respond_within_ms=0),
        Severity("high", respond_within_ms=30 * _MINUTE),
        Severity("medium", respond_within_ms=2 * _HOUR),
        Severity("low", respond_within_ms=24 * _HOUR),
    ),
    "critical_warning_info": (
        Severity("critical", respond_within_ms=5 * _MINUTE),
        Severity("warning", respond_within_ms=30 * _MINUTE),
        Severity("info", respond_within_ms=24 * _HOUR),
    ),
    "p1_p4": (
        Severity("p1", ("P1", "critical"), 15 * _MINUTE),
        Severity("p2", ("P2", "high"), 30 * _MINUTE),
        Severity("p3", ("P3", "medium"), 2 * _HOUR, hours=Hours.BUSINESS),
        Severity("p4", ("P4", "low"), by_next_business_day=True, hours=Hours.BUSINESS),
    ),
}
