"""The whole file: every section that Prometheus 3 knows, and Watchkeeper's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from watchkeeper.alerts import (
    InboundSections,
    RoutingGlobal,
    RoutingSections,
    SeveritySections,
    SilencingSections,
)
from watchkeeper.app.configuration.notification import NotificationSections
from watchkeeper.app.configuration.remote import RemoteReadConfig, RemoteWriteConfig, TracingConfig
from watchkeeper.base.configuration import (
    Count,
    DurationMs,
    FilePath,
    Flag,
    Integer,
    NotYet,
    Secret,
    Section,
    SizeBytes,
    Text,
)
from watchkeeper.base.configuration.secret import hide_telling
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import TLSConfig
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.notify import NotificationDefaults
from watchkeeper.oncall import OnCallSection, OnCallSections
from watchkeeper.oncall.heartbeat import HeartbeatSections
from watchkeeper.oncall.incident import IncidentSection
from watchkeeper.oncall.quality import QualitySections
from watchkeeper.receive.scrape.config import GlobalConfig, ScrapeConfig
from watchkeeper.rules.config import AlertingConfig


class RuntimeConfig(Section):
    """How Prometheus' own process behaves, which ours does not share."""

    gogc: Annotated[Integer, NotYet("tuning a garbage collector as Go's")] = 0


class RetentionByTime(Section):
    """How long samples are kept where no retention rule says otherwise; 0 leaves it to the command line."""

    time_ms: DurationMs = 0
    size_bytes: Annotated[SizeBytes, NotYet("bounding the store by its size")] = 0
    percentage: Annotated[Count, NotYet("bounding the store by its share of the disk")] = 0


class TSDBConfig(Section):
    """The store of samples."""

    out_of_order_time_window_ms: DurationMs = 3_600_000
    retention: RetentionByTime = RetentionByTime()
    stale_series_compaction_threshold: Annotated[Text, NotYet("compacting stale series early")] = ""


class ExemplarsConfig(Section):
    """The store of exemplars."""

    max_exemplars: Annotated[Integer, NotYet("bounding the number of exemplars")] = 100_000


class StorageConfig(Section):
    """Where and how telemetry is stored.

    `url` names a ClickHouse (`clickhouse://user:password@host:port/database`); without it the embedded engine is used.
    With `cluster`, tables are replicated and distributed over that cluster.
    """

    url: Secret = Secret("")
    cluster: Text = ""
    tls_config: TLSConfig = TLSConfig()
    tsdb: TSDBConfig = TSDBConfig()
    exemplars: ExemplarsConfig = ExemplarsConfig()

    @model_validator(mode="after")
    def _check(self) -> Self:
        url = self.url.reveal()
        if url and not url.startswith(("clickhouse://", "clickhouses://")):
            raise ValueError("the storage url must start with clickhouse:// (or clickhouses:// for TLS)")
        if self.cluster and not url:
            raise ValueError("a storage cluster needs a storage url")
        return self


class ControlConfig(Section):
    """Where silences, notifications, acknowledgements and the journal are kept.

    Without `url` that is a file in the data folder. By `postgresql://user:password@host/database` several processes
    share the work: each of them watches, one of them at a time tells people. `address` is the URL by which the others
    reach this process.
    """

    url: Secret = Secret("")
    address: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        url = self.url.reveal()
        if url and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("the control url must be postgresql://user:password@host/database")
        if self.address and not url:
            raise ValueError("a control address needs a control url")
        if self.address and not self.address.startswith(("http://", "https://")):
            raise ValueError("the control address must be a URL such as http://10.0.0.7:9800")
        return self


class RetentionRule(Section):
    """Series that match are kept for so long; the first rule that matches a series decides."""

    match: Text = ""
    keep_ms: DurationMs
    tenant: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.keep_ms == 0:
            raise ValueError("keep must be longer than 0s")
        return self


class LimitsConfig(Section):
    """Upper bounds for each tenant; 0 means no bound. Lengths are in bytes of UTF-8."""

    series: Count = 0
    series_per_metric: Count = 0
    labels_per_series: Count = 0
    label_name_length: Count = 0
    label_value_length: Count = 0


class TenantLimits(LimitsConfig):
    """Upper bounds for everybody, and other ones for some."""

    tenants: Mapping[str, LimitsConfig] = EMPTY

    def of(self, tenant: str) -> LimitsConfig:
        """The bounds that hold for `tenant`: its own where it has any, else everybody's."""
        own = self.tenants.get(tenant)
        if own is None:
            return self
        return self.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


class QueryConfig(Section):
    """What a query may use; 0 means no bound."""

    timeout_ms: DurationMs = 120_000
    lookback_delta_ms: DurationMs = 300_000
    max_samples: Count = 50_000_000
    max_memory_bytes: SizeBytes = 0
    max_concurrency: Count = 20


class HostCollectorConfig(Section):
    """Whether this machine is watched, with node-exporter's names.

    In a container, `procfs`, `sysfs` and `rootfs` say where those of the host are mounted.
    """

    enabled: Flag = True
    scrape_interval_ms: DurationMs = 15_000
    job_name: Text = "node"
    tenant: Text = DEFAULT_TENANT
    procfs: Text = "/proc"
    sysfs: Text = "/sys"
    rootfs: Text = "/"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.scrape_interval_ms == 0:
            raise ValueError("the host collector's scrape_interval must be longer than 0s")
        if not self.job_name:
            raise ValueError("the host collector's job_name is empty")
        for name in ("procfs", "sysfs", "rootfs"):
            if not getattr(self, name).startswith("/"):
                raise ValueError(f"the host collector's {name} must be an absolute path, such as /host/{name[:4]}")
        return self


TranslationStrategy = Literal[
    "UnderscoreEscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes",
    "NoUTF8EscapingWithSuffixes",
    "NoTranslation",
]


class OTLPConfig(Section):
    """How OpenTelemetry's metrics become Prometheus' (the `otlp` section)."""

    promote_all_resource_attributes: Flag = False
    promote_resource_attributes: tuple[Text, ...] = ()
    ignore_resource_attributes: tuple[Text, ...] = ()
    translation_strategy: TranslationStrategy = "UnderscoreEscapingWithSuffixes"
    keep_identifying_resource_attributes: Flag = False
    convert_histograms_to_nhcb: Flag = False
    promote_scope_metadata: Flag = False
    label_name_underscore_sanitization: Flag = True
    label_name_preserve_multiple_underscores: Flag = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.promote_all_resource_attributes and self.promote_resource_attributes:
            raise ValueError("promote_all_resource_attributes leaves no place for promote_resource_attributes")
        if self.ignore_resource_attributes and not self.promote_all_resource_attributes:
            raise ValueError("ignore_resource_attributes needs promote_all_resource_attributes")
        for attributes in (self.promote_resource_attributes, self.ignore_resource_attributes):
            if "" in (bare := [name.strip() for name in attributes]):
                raise ValueError("a resource attribute's name is empty")
            if len(set(bare)) != len(bare):
                raise ValueError("a resource attribute is named twice")
        return self


class Global(GlobalConfig, NotificationDefaults, RoutingGlobal):
    """The `global` section, Prometheus' and Alertmanager's keys together."""


_EventRecorder = Annotated[dict[str, Any] | None, BeforeValidator(hide_telling)]


class WholeFile(
    RoutingSections,
    SilencingSections,
    SeveritySections,
    NotificationSections,
    OnCallSections,
    HeartbeatSections,
    InboundSections,
    QualitySections,
):
    """The top level."""

    global_: Global = Global()
    runtime: RuntimeConfig = RuntimeConfig()
    alerting: AlertingConfig = AlertingConfig()
    rule_files: tuple[FilePath, ...] = ()
    scrape_config_files: tuple[FilePath, ...] = ()
    scrape_configs: tuple[ScrapeConfig, ...] = ()
    storage: StorageConfig = StorageConfig()
    control: ControlConfig = ControlConfig()
    event_recorder: Annotated[_EventRecorder, NotYet("recording events elsewhere: the journal has them")] = None
    tracing: Annotated[TracingConfig | None, NotYet("sending our own traces")] = None
    remote_write: Annotated[tuple[RemoteWriteConfig, ...], NotYet("forwarding samples")] = ()
    remote_read: Annotated[tuple[RemoteReadConfig, ...], NotYet("reading from other stores")] = ()
    otlp: OTLPConfig = OTLPConfig()
    retention: tuple[RetentionRule, ...] = ()
    limits: TenantLimits = TenantLimits()
    query: QueryConfig = QueryConfig()
    host_collector: HostCollectorConfig = HostCollectorConfig()
    incidents: tuple[IncidentSection, ...] = ()
    runbooks: tuple[Text, ...] = ()
    oncall: OnCallSection = OnCallSection()


class ScrapeFile(Section):
    """A file that `scrape_config_files` names."""

    scrape_configs: tuple[ScrapeConfig, ...] = ()
