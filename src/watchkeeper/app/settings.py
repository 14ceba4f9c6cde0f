"""What the command line and the environment decide; everything else stands in configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from watchkeeper.base.failure import Failure

DEFAULT_LISTEN = ("127.0.0.1:9800",)
_KEEP_MS = 15 * 86_400_000


class Role(Enum):
    """What one process does."""

    ALL = "all"
    ALERTS = "alerts"
    """Takes alerts and tells people; there is no store, and nothing is scraped, received or evaluated."""


class SettingsFailure(Failure):
    """A flag that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, flag: str = "--listen") -> Address:
        """`host:port`, `[v6]:port` or `:port` (every address of this machine). Raises SettingsFailure."""
        host, separator, port = text.rpartition(":")
        if not separator or not port.isdigit() or int(port) > 65535:
            raise SettingsFailure(f'{flag} "{text}": HOST:PORT would be right, such as 127.0.0.1:9800 or :9090')
        return cls(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104  # `:port` asks for just that

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one `watchkeeper serve`; times in ms, sizes in bytes. `flags` is what the API shows of them.

    Where a setting is None, the configuration decides.
    """

    configs: tuple[Path, ...] = ()
    role: Role = Role.ALL
    data: Path = Path("data")
    listen: tuple[Address, ...] = tuple(Address.parse(text) for text in DEFAULT_LISTEN)
    external_url: str | None = None
    route_prefix: str | None = None
    cors_origin: str | None = None
    web_config: Path | None = None
    enable_lifecycle: bool = False
    enable_admin: bool = False
    enable_remote_write: bool = True
    otlp_http_listen: Address | None = None
    otlp_grpc_listen: Address | None = None
    host_collector: bool = True
    retention_ms: int | None = None
    query_timeout_ms: int | None = None
    query_max_samples: int | None = None
    query_concurrency: int | None = None
    lookback_ms: int | None = None
    read_sample_limit: int = 50_000_000
    read_frame_bytes: int = 1 << 20
    alert_retention_ms: int = 120 * 3_600_000
    max_silences: int = 0
    max_silence_bytes: int = 0
    max_alerts_per_name: int = 0
    outage_tolerance_ms: int = 3_600_000
    grace_period_ms: int = 600_000
    resend_delay_ms: int = 60_000
    max_connections: int = 512
    max_listeners: int = 16
    read_timeout_ms: int = 300_000
    features: frozenset[str] = frozenset()
    flags: Mapping[str, str] = field(default_factory=dict[str, str])

    def keep_ms(self, configured_ms: int) -> int:
        """How long samples are kept by default: by the flag, else as configured, else 15 days, as Prometheus has it."""
        return self.retention_ms or configured_ms or _KEEP_MS


def control_file(data: Path) -> Path:
    """Where silences, the journal and the like lie in a data folder, unless `control.url` names a database."""
    return data.absolute() / "control.db"
