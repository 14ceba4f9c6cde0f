"""Our PromQL parser beside Prometheus' own: what is accepted, the words of refusals, trees, and printed text."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from watchkeeper.query.promql import ParseFailure, parse
from watchkeeper.query.promql.json_tree import tree_json
from watchkeeper.query.promql.printer import to_pretty, to_text

UNPACKED = Path(__file__).parents[2] / ".peers/usr/bin/prometheus"
PROMETHEUS = str(UNPACKED) if UNPACKED.exists() else shutil.which("prometheus") or ""
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not PROMETHEUS, reason="prometheus is missing: `make peers` unpacks it"),
]
FEATURES = "promql-experimental-functions,promql-duration-expr,promql-delayed-name-removal"
FIXED = Path(__file__).with_name("promql_queries.txt")
NEWER_WORDS = [
    ("subquery or range selector, expected number,", "subquery selector, expected number,"),
    ("expected number, duration, step(), or range()", "expected number or duration"),
    ('expected number, duration, step(), range(), or "]"', 'expected number or duration or "]"'),
    ("<op:@>", '"<Item 57400>" <op:@>'),
]
"""Where Prometheus has changed its words since the version that we compare with."""

Ask = Callable[[str, str], tuple[bool, object]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            PROMETHEUS,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--enable-feature={FEATURES}",
            "--log.level=error",
        ]
    )
    try:
        _await_ready(base)

        def answer(endpoint: str, query: str) -> tuple[bool, object]:
            body = urllib.parse.urlencode({"query": query}).encode()
            try:
                with urllib.request.urlopen(f"{base}/api/v1/{endpoint}", body) as response:
                    return True, json.load(response)["data"]
            except urllib.error.HTTPError as error:
                return False, json.load(error)["error"].removeprefix('invalid parameter "query": ')

        yield answer
    finally:
        process.terminate()
        process.wait()


def _await_ready(base: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{base}/-/ready").close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Prometheus does not start")


def compare(ask: Ask, query: str) -> None:
    accepted, theirs = ask("parse_query", query)
    try:
        tree = parse(query)
    except ParseFailure as failure:
        _compare_refusals(failure, accepted, theirs, query)
        return
    assert accepted, f"only we accept {query!r}: {theirs}"
    assert _as_older(tree_json(tree)) == theirs, query
    assert to_pretty(tree) == ask("format_query", query)[1], query
    again = parse(to_text(tree))
    assert to_text(again) == to_text(tree)


def _compare_refusals(failure: ParseFailure, accepted: bool, theirs: object, query: str) -> None:
    ours = str(failure)
    if failure.message.endswith("expected ':'"):
        return  # that version takes any letter in brackets for a colon
    assert not accepted, f"only we refuse {query!r}: {ours}"
    for new, old in NEWER_WORDS:
        ours = ours.replace(new, old)
    if failure.message.startswith("bool modifier"):
        # Prometheus takes an aggregation over `… @ end()` to end before its last parenthesis.
        ours, theirs = failure.message, str(theirs).partition(": parse error: ")[2]
    assert ours == theirs, query


def _as_older(node: object) -> object:
    """Without what newer versions have added to the answer."""
    if isinstance(node, dict):
        return {k: _as_older(v) for k, v in node.items() if k not in ("anchored", "smoothed", "fillValues")}
    return [_as_older(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("query", FIXED.read_text(encoding="utf-8").splitlines())
def test_a_fixed_query_is_read_as_prometheus_reads_it(ask: Ask, query: str) -> None:
    compare(ask, query.replace("\\N", "\n"))


@pytest.mark.parametrize("seed", range(300))
def test_a_random_query_is_read_as_prometheus_reads_it(ask: Ask, seed: int) -> None:
    compare(ask, Sentence(random.Random(seed)).expr(4))


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_query_is_refused_in_prometheus_words(ask: Ask, seed: int) -> None:
    source = random.Random(1000 + seed)
    compare(ask, _damaged(source, Sentence(source).expr(3)))


def _damaged(source: random.Random, query: str) -> str:
    """The query with one word or sign lost, doubled, or put in from elsewhere."""
    at = source.randrange(len(query) + 1)
    piece = source.choice(
        ["(", ")", "{", "}", "[", "]", ",", "by", "on", "5m", "@", "offset", " foo ", '"x"', "+", "and", "="]
    )
    return source.choice([query[:at] + piece + query[at:], query[:at] + query[at + 1 :], query[:at]])


class Sentence:
    """Random sentences of PromQL's grammar, many of which the type check refuses."""

    NAMES = ("foo", "bar_total", "a:b:c", "sum", "by", "offset", "group", "up", "limitk")
    LABELS = ("job", "instance", "le", "by", "on", "sum", "start", "bool", '"a.b"')
    FUNCTIONS = ("rate", "abs", "label_replace", "time", "round", "vector", "scalar", "histogram_quantile")
    MORE_FUNCTIONS = ("clamp", "absent_over_time", "quantile_over_time", "day_of_week", "sort_by_label", "nothing")
    OPERATORS = ("+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "unless", "atan2")
    NUMBERS = ("1", "0.5", "0x1F", "1e3", "Inf", "NaN", "5m", "1h30m", "1_000", "017", ".5", "1e-9")
    DURATIONS = ("5m", "1h", "30", "1d12h", "5m*2", "(1h+5m)/2", "-5m+1h", "2^3", "100ms", "1w", "7d", "1y")
    AGGREGATORS = ("sum", "avg", "count", "topk", "quantile", "count_values", "stddev", "group", "limitk", "BOTTOMK")

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def expr(self, depth: int) -> str:
        makers = [self.selector, self.selector, self.number, self.text]
        if depth > 0:
            makers += [self.binary, self.call, self.aggregate, self.matrix, self.subquery, self.paren, self.unary]
        return self._pick(makers)(depth - 1)

    def _pick(self, choices):
        return self._source.choice(list(choices))

    def _maybe(self, text: str) -> str:
        return text if self._source.random() < 0.3 else ""

    def _labels(self, names: tuple[str, ...] = LABELS) -> str:
        return "(" + ", ".join(self._pick(names) for _ in range(self._source.randrange(4))) + ")"

    def selector(self, depth: int) -> str:
        label = self._pick(("job", "le", '"x.y"', "__name__"))
        value = self._pick(('"b"', "'b'", "`b`", '"b.*"', '""', '"\\""', '"é"', '"(x"'))
        matcher = label + self._pick(("=", "!=", "=~", "!~")) + value
        braces = self._pick(("", "", "{" + matcher + "}", '{a="b", ' + matcher + ",}", "{}"))
        return self._pick((self._pick(self.NAMES) + braces, "{" + matcher + ', x="y"}', '{"foo.bar"}')) + self._when()

    def _when(self) -> str:
        offset = " offset " + self._pick(("5m", "-5m", "0", "(5m*2)", "1.5", "+3m"))
        at = " @ " + self._pick(("5", "-5.25", "start()", "end()", "1e3", "5m"))
        return self._maybe(at) + self._maybe(offset) + self._maybe(at) * self._source.randrange(2)

    def number(self, depth: int) -> str:
        return self._pick(self.NUMBERS)

    def text(self, depth: int) -> str:
        return self._pick(('"text"', "'it'", "`raw\\n`", '"\\u00e9\\n"', '"\\xff"', '"tab\\t"'))

    def binary(self, depth: int) -> str:
        modifiers = self._maybe(" bool")
        if self._source.random() < 0.4:
            modifiers += (
                " " + self._pick(("on", "ignoring", "ON")) + self._labels(self.LABELS[:-1]).replace("()", "(x)")
            )
            modifiers += self._maybe(
                " " + self._pick(("group_left", "group_right")) + self._maybe(self._labels(self.LABELS[:-1]))
            )
        return f"{self.expr(depth)} {self._pick(self.OPERATORS)}{modifiers} {self.expr(depth)}"

    def call(self, depth: int) -> str:
        args = ", ".join(self.expr(depth) for _ in range(self._source.randrange(4)))
        return f"{self._pick(self.FUNCTIONS + self.MORE_FUNCTIONS)}({args})"

    def aggregate(self, depth: int) -> str:
        args = ", ".join(self.expr(depth) for _ in range(self._pick((1, 1, 2))))
        grouping = self._pick((" by ", " without ")) + self._labels()
        name, call = self._pick(self.AGGREGATORS), f"({args})"
        return self._pick((name + call, name + grouping + call, name + call + grouping))

    def matrix(self, depth: int) -> str:
        inner = self._pick(self.NAMES) if self._source.random() < 0.8 else self.expr(depth)
        return f"{self._pick(('rate', 'sum_over_time', 'abs'))}({inner}[{self._pick(self.DURATIONS)}]{self._when()})"

    def subquery(self, depth: int) -> str:
        step = self._maybe(self._pick(self.DURATIONS))
        return f"max_over_time({self.expr(depth)}[{self._pick(self.DURATIONS)}:{step}]{self._when()})"

    def paren(self, depth: int) -> str:
        return f"({self.expr(depth)})"

    def unary(self, depth: int) -> str:
        return f"{self._pick('+-')}{self.expr(depth)}"
