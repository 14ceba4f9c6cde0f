"""The fast scanner beside its slow twins: a decoder that knows nothing yet, and prometheus_client's own parser."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from watchkeeper.receive.exposition import NO_TIMESTAMP, Exposition, ExpositionFailure, TextDecoder

Rows = Callable[[Any, bytes], list[Any]]

names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
label_names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
numbers = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["+Inf", "-Inf", "NaN", "0", "-0", "1e3", "1.5E-7", ".5", "5."]),
).map(lambda text: text.replace("inf", "Inf"))


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@st.composite
def series(draw: Callable[..., Any]) -> str:
    pairs = draw(st.dictionaries(label_names, texts, max_size=4))
    inside = ",".join(f'{name}="{escaped(value)}"' for name, value in pairs.items())
    return draw(names) + (f"{{{inside}}}" if inside else "")


lines = st.tuples(series(), numbers, st.one_of(st.just(""), st.integers(0, 2**50).map(lambda t: f" {t}")))
bodies = st.lists(lines, max_size=12).map(lambda ls: "".join(f"{s} {v}{t}\n" for s, v, t in ls).encode())


def plain(decoder: TextDecoder, exposition: Exposition) -> list[Any]:
    """The rows by labels, values by their bits, so that NaN and −0 compare."""
    values = exposition.values.view("int64").tolist()
    labels = [decoder.labels(entry) for entry in exposition.entries.tolist()]
    return list(zip(labels, values, exposition.timestamps.tolist(), exposition.duplicates.tolist(), strict=True))


@given(st.lists(bodies, min_size=1, max_size=4))
def test_what_was_seen_before_changes_nothing(sequence: list[bytes]) -> None:
    known = TextDecoder(openmetrics=False)
    for body in [*sequence, *sequence]:
        fresh = TextDecoder(openmetrics=False)
        assert plain(known, known.decode(body)) == plain(fresh, fresh.decode(body))


@given(st.lists(bodies, min_size=1, max_size=4))
def test_what_was_seen_before_changes_nothing_in_openmetrics(sequence: list[bytes]) -> None:
    known = TextDecoder(openmetrics=True)
    for body in [*sequence, *sequence]:
        fresh, whole = TextDecoder(openmetrics=True), body + b"# EOF\n"
        assert plain(known, known.decode(whole)) == plain(fresh, fresh.decode(whole))


@given(bodies)
def test_prometheus_client_reads_the_same(body: bytes) -> None:
    known = TextDecoder(openmetrics=False)
    expected: list[Any] = []
    for family in parse_text(body.decode()):
        for sample in family.samples:
            labels = {"__name__": sample.name} | {k: v for k, v in sample.labels.items() if v}
            time = None if sample.timestamp is None else round(sample.timestamp * 1000)
            expected.append((sorted(labels.items()), repr(sample.value + 0.0), time))
    for _ in range(2):
        exposition = known.decode(body)
        found = [
            (list(known.labels(entry).pairs), repr(value + 0.0), None if time == NO_TIMESTAMP else time)
            for entry, value, time in zip(
                exposition.entries.tolist(), exposition.values.tolist(), exposition.timestamps.tolist(), strict=True
            )
        ]
        assert found == expected


@given(st.data())
def test_damaged_bodies_are_read_alike_by_those_who_know_them_and_those_who_do_not(data: st.DataObject) -> None:
    openmetrics = data.draw(st.booleans())
    body = data.draw(bodies) + (b"# EOF\n" if openmetrics else b"")
    known = TextDecoder(openmetrics=openmetrics)
    known.decode(body)
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        piece = data.draw(
            st.sampled_from([b"", b" ", b"\n", b'"', b"{", b"}", b"\\", b"#", b",", b"=", b"\xff", b"1", b"\0"])
        )
        damaged[at : at + data.draw(st.integers(0, 2))] = piece
    fresh = TextDecoder(openmetrics=openmetrics)
    outcomes: list[Any] = []
    for decoder in (known, fresh):
        try:
            outcomes.append(plain(decoder, decoder.decode(bytes(damaged))))
        except ExpositionFailure as failure:
            outcomes.append(failure.line)
    assert outcomes[0] == outcomes[1]
    assert plain(known, known.decode(body)) == plain(fresh, fresh.decode(body))


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    counter = Counter("requests", "How many.", ["path"], registry=registry)
    counter.labels("/").inc(3, exemplar={"trace_id": "x"})
    counter.labels('/a\n"b\\').inc()
    Gauge("temperature_celsius", "How warm.", registry=registry).set(21.5)
    histogram = Histogram("latency_seconds", "How long.", registry=registry)
    for value in (0.001, 0.3, 7, 99):
        histogram.observe(value)
    Summary("size_bytes", "How much.", registry=registry).observe(17)
    Info("build", "Which.", registry=registry).info({"version": "1.2"})
    return registry


def samples(families: Any) -> list[Any]:
    return [(dict(s.labels) | {"__name__": s.name}, s.value) for family in families for s in family.samples]


def test_what_prometheus_client_sends_is_read_as_it_reads_it_itself(registry: CollectorRegistry, rows: Rows) -> None:
    text, om = generate_latest(registry), generate_openmetrics(registry)
    for _ in range(2):
        found = [(labels, value) for labels, value, _ in rows(TextDecoder(openmetrics=False), text)]
        assert found == samples(parse_text(text.decode()))
        found = [(labels, value) for labels, value, _ in rows(TextDecoder(openmetrics=True), om)]
        assert found == samples(parse_openmetrics(om.decode()))


def test_the_starts_of_prometheus_client_are_its_created_series(registry: CollectorRegistry, rows: Rows) -> None:
    decoder = TextDecoder(openmetrics=True)
    exposition = decoder.decode(generate_openmetrics(registry))
    assert exposition.starts is not None
    started = {
        decoder.labels(e)["__name__"] for e, s in zip(exposition.entries.tolist(), exposition.starts, strict=True) if s
    }
    assert started == {
        "requests_total",
        "latency_seconds_bucket",
        "latency_seconds_count",
        "latency_seconds_sum",
        "size_bytes_count",
        "size_bytes_sum",
    }


def body_of(rng: random.Random, count: int, *, first: int = 0) -> bytes:
    order = list(range(first, first + count))
    rng.shuffle(order)
    return b"".join(b'm{i="%d",x="%s"} %d\n' % (i, b"y" * (i % 40), i) for i in order)


def test_lines_in_any_order_are_found() -> None:
    rng, decoder = random.Random(1), TextDecoder(openmetrics=False)
    for _ in range(4):
        exposition = decoder.decode(body_of(rng, 3000))
        labels = [int(decoder.labels(e)["i"]) for e in exposition.entries[:50].tolist()]
        assert labels == exposition.values[:50].tolist()
        assert sorted(exposition.values.tolist()) == list(range(3000))
    assert len(decoder) == 3000


def test_a_target_that_always_sends_new_series_is_not_remembered_for_ever() -> None:
    rng, decoder = random.Random(1), TextDecoder(openmetrics=False)
    for round_ in range(12):
        body = b"# HELP m What.\n" + body_of(rng, 500, first=500 * round_)
        exposition = decoder.decode(body)
        before = [decoder.labels(e) for e in exposition.entries.tolist()]
        kept = decoder.tidy()
        if kept is not None:
            places = {old: new for new, old in enumerate(kept.tolist())}
            assert [decoder.labels(places[e]) for e in exposition.entries.tolist()] == before
            assert decoder.decode(body).appeared == {}
    assert len(decoder) <= 2 * 501 + 1500


def test_created_series_survive_tidying() -> None:
    decoder = TextDecoder(openmetrics=True)
    stay = b"# TYPE c counter\nc_total 5\nc_created 9\n"
    for round_ in range(8):
        new = b"".join(
            b'c_total{i="%d"} 1\nc_created{i="%d"} 8\n' % (i, i) for i in range(400 * round_, 400 * round_ + 400)
        )
        exposition = decoder.decode(stay + new + b"# EOF\n")
        assert exposition.starts is not None
        assert exposition.starts[:4].tolist() == [9000, 0, 8000, 0]
        decoder.tidy()


def test_special_values_keep_their_kind() -> None:
    values = TextDecoder(openmetrics=False).decode(b"a NaN\nb +Inf\nc -Inf\nd -0\n").values.tolist()
    assert math.isnan(values[0])
    assert values[1:3] == [math.inf, -math.inf]
    assert math.copysign(1, values[3]) == -1
