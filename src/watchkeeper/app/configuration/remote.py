"""Forwarding to and reading from other stores: every key is known, so that slips are found; none has an effect yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from watchkeeper.base.configuration import Count, DurationMs, Flag, Integer, Number, Section, Text
from watchkeeper.base.configuration.secret import hide_telling
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import HTTPClientConfig, TLSConfig
from watchkeeper.base.http.config import RESERVED_HEADERS, URLText
from watchkeeper.model.relabel import RelabelRule

_CloudAuth = Annotated[dict[str, Any] | None, BeforeValidator(hide_telling)]


def _headers(value: object) -> object:
    if isinstance(value, Mapping):
        for name in value:
            if str(name).lower() == "authorization":
                raise ValueError("an authorization goes into basic_auth, authorization or oauth2, not into headers")
            if str(name).lower() in RESERVED_HEADERS:
                raise ValueError(f'headers cannot set "{name}", which the client sets itself')
    return value


_Headers = Annotated[Mapping[Text, Text], BeforeValidator(_headers)]


class QueueConfig(Section):
    """How samples wait to be sent."""

    capacity: Integer = 10_000
    max_shards: Integer = 50
    min_shards: Integer = 1
    max_samples_per_send: Integer = 2_000
    batch_send_deadline_ms: DurationMs = 5_000
    min_backoff_ms: DurationMs = 30
    max_backoff_ms: DurationMs = 5_000
    retry_on_http_429: Flag = False
    sample_age_limit_ms: DurationMs = 0


class MetadataConfig(Section):
    """Whether metric metadata is sent."""

    send: Flag = True
    send_interval_ms: DurationMs = 60_000
    max_samples_per_send: Integer = 2_000


class RemoteWriteConfig(HTTPClientConfig):
    """One store to forward to."""

    url: URLText
    name: Text = ""
    remote_timeout_ms: DurationMs = 30_000
    headers: _Headers = EMPTY
    write_relabel_configs: tuple[RelabelRule, ...] = ()
    send_exemplars: Flag = False
    send_native_histograms: Flag = False
    round_robin_dns: Flag = False
    protobuf_message: Literal["prometheus.WriteRequest", "io.prometheus.write.v2.Request"] = "prometheus.WriteRequest"
    enable_http2: Flag = False
    queue_config: QueueConfig = QueueConfig()
    metadata_config: MetadataConfig = MetadataConfig()
    sigv4: _CloudAuth = None
    azuread: _CloudAuth = None
    google_iam: _CloudAuth = None

    @model_validator(mode="after")
    def _one_authentication(self) -> Self:
        ways = ("basic_auth", "authorization", "oauth2", "sigv4", "azuread", "google_iam")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) > 1:
            raise ValueError(f"at most one of {', '.join(ways)} may be given, here are {' and '.join(given)}")
        return self


class RemoteReadConfig(HTTPClientConfig):
    """One store to read from."""

    url: URLText
    name: Text = ""
    remote_timeout_ms: DurationMs = 60_000
    chunked_read_limit: Count = 50_000_000
    headers: _Headers = EMPTY
    read_recent: Flag = False
    required_matchers: Mapping[Text, Text] = EMPTY
    filter_external_labels: Flag = True


class TracingConfig(Section):
    """Where traces of Prometheus itself would go."""

    client_type: Literal["grpc", "http"] = "grpc"
    endpoint: Text = ""
    sampling_fraction: Number = 0.0
    insecure: Flag = False
    tls_config: TLSConfig = TLSConfig()
    headers: _Headers = EMPTY
    compression: Literal["", "gzip"] = ""
    timeout_ms: DurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.endpoint:
            raise ValueError("tracing needs an endpoint")
        return self
