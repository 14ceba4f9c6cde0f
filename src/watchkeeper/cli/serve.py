"""`watchkeeper serve`: with our own flags, and Prometheus' for whoever brings a Compose file."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path
from typing import Any

import click

from watchkeeper.app.settings import DEFAULT_LISTEN, Address, Role, Settings, SettingsFailure
from watchkeeper.base.duration import DurationFailure, format_duration, parse_duration_ms
from watchkeeper.base.failure import Failure
from watchkeeper.cli.peer_flags import taken_away, without_effect


class DurationParam(click.ParamType[int]):
    """A Prometheus duration, as milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The milliseconds; a wrong text ends the command with its reason."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration_ms(value)
        except DurationFailure as why:
            self.fail(str(why), param, ctx)


class NumberParam(click.ParamType[int]):
    """A whole number, which may be written as 5e7."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a wrong text ends the command with its reason."""
        try:
            return int(float(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no number", param, ctx)


DURATION = DurationParam()
NUMBER = NumberParam()
_LONGEST = "How long a query may take."
_SAMPLES = "How many samples a query may hold at once."
_AT_ONCE = "How many queries may run at once."
_LOOKBACK = "How long a sample stands for its series."
# What the configuration decides where the flag is not given, as Prometheus shows it.
_UNSAID = {
    "query.timeout": "2m",
    "query.max-samples": "50000000",
    "query.max-concurrency": "20",
    "query.lookback-delta": "5m",
    "storage.tsdb.retention.time": "0s",
}


@click.command()
@click.option(
    "--config",
    "--config.file",
    "configs",
    multiple=True,
    envvar="WATCHKEEPER_CONFIG",
    type=click.Path(path_type=Path),
    help="Configuration: watchkeeper.yml or prometheus.yml. May be given several times; the files are merged.",
)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ALL.value,
    show_default=True,
    envvar="WATCHKEEPER_ROLE",
    help="What this process does: `alerts` takes alerts and tells people, without a store, scraping or rules.",
)
@click.option(
    "--data",
    "--storage.tsdb.path",
    "--storage.path",
    "data",
    default="data",
    show_default=True,
    envvar="WATCHKEEPER_DATA",
    type=click.Path(path_type=Path),
    help="Where the embedded engine and the control database keep their files.",
)
@click.option(
    "--listen",
    "--web.listen-address",
    "listen",
    multiple=True,
    envvar="WATCHKEEPER_LISTEN",
    metavar="HOST:PORT",
    help=f"Where to listen; may be given several times.  [default: {', '.join(DEFAULT_LISTEN)}]",
)
@click.option("--web.external-url", "external_url", envvar="WATCHKEEPER_EXTERNAL_URL", help="How people reach us.")
@click.option("--web.route-prefix", "route_prefix", help="Prefix of every path.  [default: the external URL's path]")
@click.option("--web.cors.origin", "cors_origin", metavar="REGEX", help="Origins whose pages may read our answers.")
@click.option("--web.config.file", "web_config", type=click.Path(path_type=Path), help="TLS and passwords.")
@click.option(
    "--web.enable-lifecycle/--no-web.enable-lifecycle",
    "enable_lifecycle",
    is_flag=True,
    help="Allow /-/reload and /-/quit.",
)
@click.option(
    "--web.enable-admin-api/--no-web.enable-admin-api", "enable_admin", is_flag=True, help="Allow /api/v1/admin."
)
@click.option(
    "--web.enable-remote-write-receiver/--no-web.enable-remote-write-receiver",
    "enable_remote_write",
    default=True,
    help="Take samples at /api/v1/write.  [default: yes]",
)
@click.option(
    "--otlp.http.listen",
    "otlp_http_listen",
    default="127.0.0.1:4318",
    show_default=True,
    envvar="WATCHKEEPER_OTLP_HTTP_LISTEN",
    metavar="HOST:PORT",
    help="Where OTLP over HTTP is taken, besides the main addresses; nowhere else if empty.",
)
@click.option(
    "--otlp.grpc.listen",
    "otlp_grpc_listen",
    default="127.0.0.1:4317",
    show_default=True,
    envvar="WATCHKEEPER_OTLP_GRPC_LISTEN",
    metavar="HOST:PORT",
    help="Where OTLP over gRPC is taken; nowhere if empty.",
)
@click.option("--web.max-connections", "max_connections", default=512, show_default=True, help="Beyond it: 503.")
@click.option("--web.max-notifications-subscribers", "max_listeners", default=16, show_default=True)
@click.option("--storage.remote.read-sample-limit", "read_sample_limit", type=NUMBER, default="5e7", show_default=True)
@click.option("--storage.remote.read-max-bytes-in-frame", "read_frame_bytes", default=1 << 20, show_default=True)
@click.option("--web.read-timeout", "read_timeout_ms", type=DURATION, default="5m", show_default=True)
@click.option(
    "--host/--no-host", "host_collector", default=True, envvar="WATCHKEEPER_HOST", help="Watch this machine as well."
)
@click.option(
    "--storage.tsdb.retention.time",
    "--storage.tsdb.retention",
    "retention_ms",
    type=DURATION,
    envvar="WATCHKEEPER_RETENTION",
    help="How long samples are kept where the configuration says nothing else.  [default: 15d]",
)
@click.option("--query.timeout", "query_timeout_ms", type=DURATION, help=f"{_LONGEST}  [default: 2m]")
@click.option("--query.max-samples", "query_max_samples", type=int, help=f"{_SAMPLES}  [default: 50000000]")
@click.option("--query.max-concurrency", "query_concurrency", type=int, help=f"{_AT_ONCE}  [default: 20]")
@click.option("--query.lookback-delta", "lookback_ms", type=DURATION, help=f"{_LOOKBACK}  [default: 5m]")
@click.option("--rules.alert.for-outage-tolerance", "outage_tolerance_ms", type=DURATION, default="1h")
@click.option("--rules.alert.for-grace-period", "grace_period_ms", type=DURATION, default="10m")
@click.option("--rules.alert.resend-delay", "resend_delay_ms", type=DURATION, default="1m")
@click.option(
    "--data.retention",
    "alert_retention_ms",
    type=DURATION,
    default="5d",
    show_default=True,
    help="How long silences are kept after their end, and at the most what receivers were told.",
)
@click.option("--silences.max-silences", "max_silences", type=click.IntRange(0), default=0, help="0 is no bound.")
@click.option("--silences.max-silence-size-bytes", "max_silence_bytes", type=click.IntRange(0), default=0)
@click.option(
    "--alerts.per-alertname-limit",
    "max_alerts_per_name",
    type=int,
    default=0,
    help="How many alerts of one name may fire at once; 0 is no bound.",
)
@click.option("--enable-feature", "features", multiple=True, help="Prometheus' feature flags, by comma.")
@click.option("--log.level", "log_level", type=click.Choice(["debug", "info", "warn", "error"]), default="info")
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt")
@without_effect
@click.pass_context
def serve(ctx: click.Context, log_level: str, log_format: str, **given: Any) -> None:
    """Run Watchkeeper: receive, store, question, alert, answer."""
    from watchkeeper.app.logs import set_up_logs

    set_up_logs(log_level, log_format)
    for name in taken_away(given):
        logging.getLogger("watchkeeper").warning("--%s changes nothing here", name)
    settings = _settings(ctx, given)

    gc.disable()  # of what is loaded nothing becomes garbage
    from watchkeeper.app.serve import run  # loads every room: not before the flags are known to be right

    gc.freeze()
    gc.enable()
    try:
        sys.exit(run(settings))
    except Failure as why:
        click.echo(f"watchkeeper: {why}", err=True)
        sys.exit(1)


def _settings(ctx: click.Context, given: dict[str, Any]) -> Settings:
    known = dict(given)
    listen = [text for part in known.pop("listen") for text in part.replace(",", " ").split()]
    known["role"] = Role(known["role"])
    features = frozenset(name for part in known.pop("features") for name in part.split(",") if name)
    try:
        addresses = tuple(Address.parse(text) for text in listen or DEFAULT_LISTEN)
        for name in ("otlp_http_listen", "otlp_grpc_listen"):
            known[name] = Address.parse(known[name], "--" + name.replace("_", ".")) if known[name] else None
    except SettingsFailure as why:
        raise click.UsageError(str(why), ctx) from None
    return Settings(listen=addresses, features=features, flags=_flags(ctx), **known)


def _flags(ctx: click.Context) -> dict[str, str]:
    """Every flag by Prometheus' name where it has one, with its value as text."""
    flags: dict[str, str] = {}
    for option in ctx.command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        name = next((opt for opt in option.opts if "." in opt), option.opts[0]).removeprefix("--")
        flags[name] = _flag_text(option, ctx.params.get(option.name or "")) or _UNSAID.get(name, "")
    return flags


def _flag_text(option: click.Option, value: Any) -> str:
    if isinstance(option.type, DurationParam) and value is not None:
        return format_duration(value)
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
