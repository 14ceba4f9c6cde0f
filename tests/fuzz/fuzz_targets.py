"""What is fuzzed, and what must hold of any input: a documented failure, or a value that keeps its promises."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import cramjam
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.api import web_config
from watchkeeper.app.configuration.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.base.duration import DurationFailure, format_duration, parse_duration_ms
from watchkeeper.base.ical import CalendarFailure, read_calendar
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql import ParseFailure, parse, parse_selector, to_pretty, tree_json
from watchkeeper.query.promql.printer import to_text
from watchkeeper.receive.exposition import Decoder, ExpositionFailure, ProtobufDecoder, TextDecoder
from watchkeeper.receive.remote_write import RemoteWrite
from watchkeeper.store.index import LabelColumns, SeriesIndex
from watchkeeper.store.sql import SqlRefused
from watchkeeper.store.sql.statement import judge_tree, read
from watchkeeper.store.sql.views import VIEWS
from watchkeeper.template import Template, TemplateFailure

Run = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """One thing to fuzz; `prepare` gives what is run on every input, and fails where a promise is broken."""

    prepare: Callable[[], Run]
    seeds: tuple[bytes, ...] = ()
    words: tuple[str, ...] = ()


def _of_text(check: Callable[[str], None]) -> Callable[[], Run]:
    return lambda: lambda data: check(data.decode("utf-8", "replace"))


def _ical(text: str) -> None:
    try:
        calendar = read_calendar(text, ZoneInfo("Europe/Berlin"))
    except CalendarFailure as why:
        assert str(why)
        return
    since, until = 1_767_000_000_000, 1_771_000_000_000
    events = calendar.between(since, until)
    assert events == sorted(set(events))
    assert all(one.since < one.until and one.since < until and since < one.until for one in events)


def _promql(text: str) -> None:
    try:
        tree = parse(text)
    except ParseFailure as why:
        assert 0 <= why.start <= why.end <= len(text) + 1, (why.start, why.end)
        assert str(why)
        return
    again = to_text(tree)
    # As Prometheus we print an infinity with its sign, which binds less than ^ does when it is read again.
    assert to_text(parse(again)) == again or "+Inf ^" in again
    to_pretty(tree)
    tree_json(tree)


def _selector(text: str) -> None:
    try:
        matchers = parse_selector(text)
    except ParseFailure:
        return
    for matcher in matchers:
        matcher.matches("")
        matcher.matches(text)


def _duration(text: str) -> None:
    try:
        ms = parse_duration_ms(text)
    except DurationFailure:
        return
    assert 0 <= ms < 1 << 63
    assert parse_duration_ms(format_duration(ms)) == ms


def _configuration(text: str) -> None:
    try:
        configuration = load_text(text, "fuzzed.yml", {"HOME": "/home/alice"})
    except ConfigurationFailure as why:
        assert why.problems
        assert all(problem.place.file for problem in why.problems)
        return
    configuration.to_yaml()


def _template(text: str) -> None:
    try:
        template = Template.read("fuzzed", text)
    except TemplateFailure:
        return
    try:
        template.render("fuzzed", {"a": {"b": [1, 2.5, "c"]}, "Labels": {"x": "y"}})
    except TemplateFailure as why:
        assert str(why)


def _web_config() -> Run:
    path = Path(tempfile.mkdtemp()) / "web.yml"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        try:
            web_config.load(path)
        except ConfigurationFailure as why:
            assert why.problems

    return run


def _text_exposition(*, openmetrics: bool) -> Callable[[], Run]:
    return lambda: lambda data: _exposition(lambda: TextDecoder(openmetrics=openmetrics), data)


def _protobuf_decoder() -> Decoder:
    return ProtobufDecoder(native=True, classic=True, convert=False)


def _exposition(make: Callable[[], Decoder], data: bytes) -> None:
    """A body decoded twice, and by a decoder that has seen it, is the same; a failure stays one."""
    decoder = make()
    try:
        first = decoder.decode(data)
    except ExpositionFailure as why:
        assert str(why)
        try:
            make().decode(data)
        except ExpositionFailure as again:
            assert str(again) == str(why)
            return
        raise AssertionError("it failed, and then did not") from why
    second = decoder.decode(data)
    assert len(first) == len(second)
    assert first.entries.tolist() == second.entries.tolist()
    assert first.values.tobytes() == second.values.tobytes()
    assert first.timestamps.tolist() == second.timestamps.tolist()
    for entry in set(first.entries.tolist()):
        names = list(decoder.labels(entry))
        assert names == sorted(set(names))


class _Sink:
    """Takes everything, and looks at it."""

    generation = 0

    def __init__(self) -> None:
        self.index = SeriesIndex(Symbols(), registry=CollectorRegistry())

    def resolve_columns(self, tenant: str, columns: LabelColumns) -> NDArray[np.int32]:
        return self.index.resolve_columns(tenant, columns)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        count = batch.refs.size
        assert batch.timestamps.size == batch.values.size == count
        assert batch.starts is None or batch.starts.size == count
        assert count == 0 or (batch.refs.min() >= 0 and batch.refs.max() < len(self.index))
        for histogram in batch.histograms.values():
            assert not math.isnan(histogram.zero_threshold)
        for ref in set(batch.refs.tolist()):
            names = list(self.index.labels(ref))
            assert names == sorted(set(names))
            assert "__name__" in names
        return AppendOutcome(count, len(batch.histograms), len(batch.exemplars))


def _remote_write(content_type: str) -> Callable[[], Run]:
    headers = {"content-type": content_type, "content-encoding": "snappy"}

    def prepare() -> Run:
        loop = asyncio.new_event_loop()
        states = [RemoteWrite(_Sink(), CollectorRegistry())]

        def run(data: bytes) -> None:
            body = bytes(cramjam.snappy.compress_raw(data))
            outcome = loop.run_until_complete(states[0].receive(body, headers))
            assert outcome.status in (204, 400), outcome.text
            assert (outcome.status == 204) == (not outcome.text)
            if len(states[0]._sink.index) > 10_000:
                states[0] = RemoteWrite(_Sink(), CollectorRegistry())

        return run

    return prepare


_CANARY = b"CANARY-b3a1"
_HARMLESS = frozenset(
    {"plus", "minus", "multiply", "equals", "count", "sum", "avg", "tostring", "concat", "length", "in"}
)


def _sql() -> Run:
    """Whatever passes the guard is read by the engine as allowed nodes alone, and reaches no secret."""
    from watchkeeper.engine.library import load_library

    folder = Path(tempfile.mkdtemp())
    (folder / "secret.txt").write_bytes(_CANARY + b"\n")
    engine = load_library().connect(":memory:")

    def ask(sql: str) -> bytes:
        return engine.query(sql, "TSVRaw", params={}).bytes()

    ask("CREATE DATABASE hidden ENGINE = Atomic")
    ask(f"CREATE TABLE hidden.secret ENGINE = Memory AS SELECT '{_CANARY.decode()}' AS a")
    ask("CREATE DATABASE shown ENGINE = Atomic")
    for view in VIEWS:
        ask(f"CREATE VIEW shown.{view} AS SELECT number AS a, 'x' AS metric FROM system.numbers LIMIT 3")
    ask("USE shown")
    ask("SET max_execution_time = 1, max_result_rows = 1000, max_memory_usage = 100000000, readonly = 1")

    def permits(function: str) -> bool:
        return function.lower() in _HARMLESS

    def run(data: bytes) -> None:
        text = data.decode("utf-8", "replace").replace("/etc/passwd", str(folder / "secret.txt"))
        try:
            statement = read(text, VIEWS)
        except SqlRefused as why:
            assert str(why)
            return
        # Our tokens again are the same tokens.
        assert read(statement.sql, VIEWS).sql == statement.sql
        try:
            if statement.select is not None:
                judge_tree(ask(f"EXPLAIN AST {statement.select}").decode("utf-8", "replace"), permits)
            answer = ask(statement.sql)
        except (SqlRefused, RuntimeError):
            return
        assert _CANARY not in answer
        assert b"hidden" not in answer or b"hidden" in data

    return run


_PROMETHEUS_YML = b"""global: {scrape_interval: 15s, external_labels: {a: b}}
rule_files: [a.yml]
scrape_configs:
- job_name: a
  static_configs: [{targets: ['a:1'], labels: {x: y}}]
  relabel_configs: [{source_labels: [a], regex: '(.*)', target_label: b, replacement: '$1', action: replace}]
alerting: {alertmanagers: [{static_configs: [{targets: ['b:2']}]}]}
storage: {tsdb: {out_of_order_time_window: 1h}}
"""
_TEXT = b"""# HELP a_total Some "help" \\n text
# TYPE a_total counter
a_total{x="y\\"z\\\\",w=""} 1 1700000000000
# TYPE h histogram
h_bucket{le="0.1"} 3
h_bucket{le="+Inf"} 5
h_sum 1e3
h_count 5
{"utf-8.name","b c"="d"} NaN
"""
_OPENMETRICS = b"""# TYPE a counter
# UNIT a_seconds seconds
a_total{x="y"} 17.0 1520879607.789 # {id="z"} 0.5 1520879607
a_created{x="y"} 1520430000.123
# TYPE h histogram
h_bucket{le="0.1"} 8 # {} 0.054
h_bucket{le="+Inf"} 17
h_count 17
h_sum 324789.3
# EOF
"""
_QUERIES = (
    b'sum by (a) (rate(m{x=~"a|b", y!="z"}[5m] offset 1m))',
    b"histogram_quantile(0.9, sum without (le) (h_bucket)) > bool 3 and on (a) group_left (b) c",
    b"-m @ start() ^ 2 ^ 3 % 0x1F + max_over_time(m[1h:5m] @ 1.5) or vector(Inf) unless topk(3, m)",
    b'{"utf8 name", \'a b\'="c"}[5m + 1m * 2] anchored',
)
_SQLS = (
    b"SELECT a, count() FROM samples WHERE a IN (SELECT a FROM series) GROUP BY a ORDER BY a LIMIT 5",
    b"WITH x AS (SELECT 1 AS a) SELECT * FROM x UNION ALL SELECT a FROM metadata",
    b"SELECT * FROM hidden.secret",
    b"SELECT * FROM file('/etc/passwd', 'LineAsString', 'a String')",
    b"SELECT 1 IN hidden.secret, (SELECT a FROM `hidden`.`secret`)",
    b"SELECT 1 SETTINGS readonly = 0; SELECT 2 -- x",
    b"EXPLAIN PLAN SELECT 1",
    b"DESCRIBE TABLE samples",
)
_PROMQL_WORDS = (
    "sum", "by", "without", "rate(", "offset ", "@ ", "start()", "[5m]", "[5m:1m]", "on (", "group_left", "ignoring",
    "bool ", "and ", "or ", "unless ", "=~", "!~", "!=", "0x", "1e", "Inf", "NaN", "step()", "fill(", "{", "}",
)  # fmt: skip
_SQL_WORDS = (
    "SELECT ", "FROM ", "hidden.secret", "file('/etc/passwd')", " IN ", "UNION ALL ", "WITH ", "SETTINGS ", "FORMAT ",
    "INTO OUTFILE ", "url(", "remote(", "numbers(", "merge('hidden', '.*')", "JOIN ", "ARRAY JOIN ", "/*", "*/", "--",
    "`", '"', "'", "$$", "samples", "system.", "::", "{a:Identifier}", "EXPLAIN ", "COLUMNS('.*')", "APPLY(", "view(",
)  # fmt: skip
_YAML_WORDS = (
    "global:",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    "!!python/object ",
    "scrape_configs:",
    "${HOME}",
    "[",
    "{",
)
_TEMPLATE_WORDS = (
    "{{", "}}", "{{-", "-}}", "if ", "else", "end", "range ", "with ", "define ", "template ", "block ", "$x := ", "| ",
    "printf ", ".a.b", "index ", "len ", "eq ", "break", "continue", "call ", '"%d %s"', "/*", "*/",
)  # fmt: skip
_V1 = bytes.fromhex("0a210a0d0a085f5f6e616d655f5f12016d0a060a01611201621208090000000000000f3f3a00")
_V2 = bytes.fromhex("22002208" + b"__name__".hex() + "22016d2a100a020102120b09000000000000f03f1001")

_ICAL = b"""BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:X
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1
SUMMARY:alice\\, bob
DTSTART;TZID=X:20260105T090000
DURATION:P1DT2H
RRULE:FREQ=WEEKLY;COUNT=9;BYDAY=MO
EXDATE;VALUE=DATE-TIME;TZID=X:20260112T090000
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID:20260119T080000Z
DTSTART;VALUE=DATE:20260120
END:VEVENT
END:VCALENDAR
"""
_ICAL_WORDS = (
    "BEGIN:", "END:", "VEVENT", "DTSTART", "DTEND", "DURATION:", "RRULE:FREQ=", "DAILY", "MONTHLY", "YEARLY",
    "SECONDLY", "BYSETPOS=", "BYMONTHDAY=", "BYDAY=", "COUNT=", "UNTIL=", "INTERVAL=", "EXDATE:", "RDATE:",
    "RECURRENCE-ID:", "RECURRENCE-ID;RANGE=THISANDFUTURE:", "TZID=", "BYWEEKNO=", "BYYEARDAY=", "BYMONTH=", "WKST=",
)  # fmt: skip

TARGETS: dict[str, Target] = {
    "promql": Target(_of_text(_promql), _QUERIES, _PROMQL_WORDS),
    "selector": Target(
        _of_text(_selector), (b'm{a="b",c=~"d.*",e!=\'f\'}', b'{"a b",c!~"(x|y)"}'), _PROMQL_WORDS[-12:]
    ),
    "duration": Target(_of_text(_duration), (b"1d2h3m4s5ms", b"1y1w", b"0")),
    "exposition_text": Target(_text_exposition(openmetrics=False), (_TEXT,), ("# TYPE ", "# HELP ", " counter", "\\n")),
    "exposition_openmetrics": Target(_text_exposition(openmetrics=True), (_OPENMETRICS,), ("# EOF", "# UNIT ", " # {")),
    "exposition_protobuf": Target(
        lambda: lambda data: _exposition(_protobuf_decoder, data), (b"\x0a\x0a\x01a\x18\x01",)
    ),
    "remote_write_v1": Target(_remote_write("application/x-protobuf"), (_V1,), ("__name__",)),
    "remote_write_v2": Target(
        _remote_write("application/x-protobuf;proto=io.prometheus.write.v2.Request"), (_V2,), ("__name__",)
    ),
    "configuration": Target(_of_text(_configuration), (_PROMETHEUS_YML,), _YAML_WORDS),
    "web_config": Target(
        _web_config, (b"tls_server_config: {cert_file: a, key_file: b}\nbasic_auth_users: {a: b}\n",), _YAML_WORDS
    ),
    "template": Target(
        _of_text(_template),
        (b'{{ range $i, $x := .a.b }}{{ if gt $i 0 }}{{ $x | printf "%v" }}{{ end }}{{ else }}n{{ end }}',),
        _TEMPLATE_WORDS,
    ),
    "sql": Target(_sql, _SQLS, _SQL_WORDS),
    "ical": Target(_of_text(_ical), (_ICAL,), _ICAL_WORDS),
}
