"""What is scraped, and how: Prometheus' `global` section and `scrape_configs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from watchkeeper.base.configuration import (
    Count,
    DurationMs,
    FilePath,
    Flag,
    Number,
    Section,
    SizeBytes,
    Text,
)
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.discovery.config import DiscoveryConfigs, LabelSet
from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import RelabelRule
from watchkeeper.model.tenant import DEFAULT_TENANT

ScrapeProtocol = Literal[
    "PrometheusProto", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4"
]
TEXT_FIRST: tuple[ScrapeProtocol, ...] = (
    "OpenMetricsText1.0.0",
    "OpenMetricsText0.0.1",
    "PrometheusText1.0.0",
    "PrometheusText0.0.4",
)
PROTOBUF_FIRST: tuple[ScrapeProtocol, ...] = ("PrometheusProto", *TEXT_FIRST)

NameValidation = Literal["", "legacy", "utf8"]
NameEscaping = Literal["", "allow-utf-8", "underscores", "dots", "values"]


def _distinct(protocols: tuple[ScrapeProtocol, ...] | None) -> tuple[ScrapeProtocol, ...] | None:
    if protocols is not None and not protocols:
        raise ValueError("scrape_protocols cannot be empty: leave the key away for the default")
    if protocols is not None and len(set(protocols)) != len(protocols):
        raise ValueError(f"scrape_protocols names one twice: {', '.join(protocols)}")
    return protocols


Protocols = Annotated[tuple[ScrapeProtocol, ...] | None, AfterValidator(_distinct)]


class ScrapeDefaults(Section):
    """The keys that a job takes from `global` where it does not set them itself (0 or absent)."""

    scrape_interval_ms: DurationMs = 0
    scrape_timeout_ms: DurationMs = 0
    scrape_protocols: Protocols = None
    body_size_limit_bytes: SizeBytes = 0
    sample_limit: Count = 0
    target_limit: Count = 0
    label_limit: Count = 0
    label_name_length_limit: Count = 0
    label_value_length_limit: Count = 0
    keep_dropped_targets: Count = 0
    metric_name_validation_scheme: NameValidation = ""
    metric_name_escaping_scheme: NameEscaping = ""
    scrape_native_histograms: Flag | None = None
    always_scrape_classic_histograms: Flag | None = None
    convert_classic_histograms_to_nhcb: Flag | None = None
    extra_scrape_metrics: Flag | None = None
    scrape_failure_log_file: FilePath = None


class GlobalConfig(ScrapeDefaults):
    """The `global` section; `resolved` fills in Prometheus' defaults."""

    evaluation_interval_ms: DurationMs = 0
    rule_query_offset_ms: DurationMs = 0
    external_labels: LabelSet = Labels()
    query_log_file: FilePath = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        interval = self.scrape_interval_ms or 60_000
        if self.scrape_timeout_ms > interval:
            raise ValueError("the global scrape_timeout is greater than the scrape_interval")
        return self

    def resolved(self) -> GlobalConfig:
        """This section with the defaults for what it leaves open."""
        interval = self.scrape_interval_ms or 60_000
        return self.model_copy(
            update={
                "scrape_interval_ms": interval,
                "scrape_timeout_ms": self.scrape_timeout_ms or min(10_000, interval),
                "evaluation_interval_ms": self.evaluation_interval_ms or 60_000,
                "metric_name_validation_scheme": self.metric_name_validation_scheme or "utf8",
            }
        )


def _params(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: [] if values is None else values for name, values in value.items()}
    return value


class ScrapeConfig(ScrapeDefaults, HTTPClientConfig, DiscoveryConfigs):
    """One scrape job; `resolved` fills in what it takes from `global`, and only then every number means itself."""

    job_name: Text
    tenant: Text = DEFAULT_TENANT
    honor_labels: Flag = False
    honor_timestamps: Flag = True
    track_timestamps_staleness: Flag = False
    params: Annotated[Mapping[Text, tuple[Text, ...]], BeforeValidator(_params)] = EMPTY
    fallback_scrape_protocol: ScrapeProtocol | None = None
    metrics_path: Text = "/metrics"
    scheme: Text = "http"
    enable_compression: Flag = True
    native_histogram_bucket_limit: Count = 0
    native_histogram_min_bucket_factor: Number = 0.0
    relabel_configs: tuple[RelabelRule, ...] = ()
    metric_relabel_configs: tuple[RelabelRule, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.job_name:
            raise ValueError("job_name is empty")
        if not self.relabel_configs:
            self.check_static_targets()
        return self

    def resolved(self, defaults: GlobalConfig) -> ScrapeConfig:
        """This job with what it takes from a resolved `global`. Raises ValueError where the two do not fit."""
        interval = self.scrape_interval_ms or defaults.scrape_interval_ms
        if self.scrape_timeout_ms > interval:
            raise ValueError(f'the scrape_timeout of job "{self.job_name}" is greater than its scrape_interval')
        inherited = {
            name: getattr(defaults, name)
            for name in ScrapeDefaults.model_fields
            if not getattr(self, name) and getattr(self, name) is not False
        }
        native = self.scrape_native_histograms
        native = bool(defaults.scrape_native_histograms if native is None else native)
        protocols = self.scrape_protocols or defaults.scrape_protocols or (PROTOBUF_FIRST if native else TEXT_FIRST)
        names = self.metric_name_validation_scheme or defaults.metric_name_validation_scheme
        return self.model_copy(
            update=inherited
            | {
                "scrape_interval_ms": interval,
                "scrape_timeout_ms": self.scrape_timeout_ms or min(defaults.scrape_timeout_ms, interval),
                "scrape_protocols": protocols,
                "metric_name_validation_scheme": names,
                "metric_name_escaping_scheme": self._escaping(names, defaults),
                "scrape_native_histograms": native,
            }
        )

    def _escaping(self, names: str, defaults: GlobalConfig) -> str:
        escaping = self.metric_name_escaping_scheme
        if not escaping and not self.metric_name_validation_scheme:
            escaping = defaults.metric_name_escaping_scheme
        escaping = escaping or ("underscores" if names == "legacy" else "allow-utf-8")
        if escaping == "allow-utf-8" and names != "utf8":
            raise ValueError(
                f'job "{self.job_name}" asks for UTF-8 metric names, but its metric_name_validation_scheme is "{names}"'
            )
        return escaping
