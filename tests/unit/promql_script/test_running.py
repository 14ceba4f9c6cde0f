"""Which scripts pass, which fail, and in what words."""

from collections.abc import Callable

import pytest

from watchkeeper.query.promql.script import Outcome

Run = Callable[[str], list[Outcome]]

LOAD = """
load 5m
  http_requests{job="api", instance="0"} 0+10x10
  http_requests{job="api", instance="1"} 0+20x10
  testmetric1{src="a", dst="b"} 0
  testmetric2{src="a", dst="b"} 1
  hist {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x10

"""


def problems(run: Run, script: str) -> list[str]:
    return [outcome.problem for outcome in run(LOAD + script)]


@pytest.mark.parametrize(
    "script",
    [
        'eval instant at 5m sum by (instance) (http_requests)\n  {instance="0"} 10\n  {instance="1"} 20',
        "eval instant at 5m sum(http_requests)\n  {} 30.00000001",
        "eval instant at 0 3 * 2\n  6",
        "eval instant at 0 NaN\n  NaN",
        'eval instant at 0 "a\\"b"\n  expect string `a"b`',
        'eval range from 0 to 10m step 5m sum(http_requests)\n  {} 0 30 60',
        "eval range from 0 to 30m step 10m http_requests{instance='0'} == 20\n"
        "  http_requests{job='api',instance='0'} _ 20 _ _",
        'eval instant at 50m sort_desc(http_requests)\n  expect ordered\n'
        '  http_requests{job="api", instance="1"} 200\n  http_requests{job="api", instance="0"} 100',
        'eval_ordered instant at 50m sort(http_requests)\n'
        '  http_requests{job="api", instance="0"} 100\n  http_requests{job="api", instance="1"} 200',
        "eval instant at 5m http_requests{instance='0'}[10m]\n  expect range vector from 0 to 5m step 5m\n"
        "  http_requests{job='api', instance='0'} 0 10",
        "eval_fail instant at 0 ceil({__name__=~'testmetric1|testmetric2'})",
        "eval_fail instant at 0 ceil({__name__=~'testmetric1|testmetric2'})\n"
        "  expected_fail_message vector cannot contain metrics with the same labelset",
        "eval_fail instant at 0 ceil({__name__=~'testmetric1|testmetric2'})\n"
        "  expected_fail_regexp (metrics|series) with",
        "eval instant at 0 ceil({__name__=~'testmetric1|testmetric2'})\n  expect fail regex: cannot contain",
        "eval instant at 0 nonsense(\n  expect fail msg: 1:10: parse error: unclosed left parenthesis",
        "eval instant at 5m quantile(2, http_requests)\n  expect warn\n  {} Inf",
        "eval instant at 5m quantile(2, http_requests)\n  {} Inf\n"
        "  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)\n  expect no_info",
        "eval_warn instant at 5m quantile(2, http_requests)\n  {} Inf",
        "eval instant at 5m rate(http_requests[10m]) + hist\n  expect info\n  expect no_warn",
        "eval instant at 5m hist\n  hist {{schema:0 sum:5 count:4 buckets:[1 2 1]}}",
        "eval instant at 5m hist\n  hist {{schema:0 sum:5 count:4 buckets:[1 2 1] counter_reset_hint:not_reset}}",
        "eval instant at 5m nothing",
        "eval instant at 7m step()\n  0",
        "clear\neval instant at 5m http_requests",
    ],
)  # fmt: skip
def test_a_script_that_says_what_is_passes(run: Run, script: str):
    assert problems(run, script) == [""]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("eval instant at 5m sum(http_requests)\n  {} 31", "expected 31 for {} but got 30"),
        ("eval instant at 5m sum(http_requests)", "unexpected metric {} in result, has value 30"),
        ("eval instant at 5m nothing\n  nothing 1", "expected metric nothing with 1 not found"),
        ("eval instant at 5m sum(http_requests)\n  30", "expected scalar 30, but got instant vector"),
        ("eval instant at 5m 1\n  {} 1", "expected vector or matrix result, but got scalar 1"),
        ("eval instant at 5m 1\n  2", "expected scalar 2 but got 1"),
        ('eval instant at 5m "x"\n  expect string "y"', 'expected string "y" but got "x"'),
        ("eval instant at 5m hist\n  hist 4", "expected 4 for hist but got {{"),
        ("eval instant at 5m sum(http_requests)\n  {} {{}}", "expected {{}} for {} but got 30"),
        (
            "eval instant at 5m hist\n  hist {{schema:0 sum:5 count:4 buckets:[1 2 1] counter_reset_hint:reset}}",
            "expected {{",
        ),
        ("eval range from 0 to 10m step 5m sum(http_requests)\n  {} 0 30", "expected points at [0, 300000] for {}"),
        ("eval range from 0 to 10m step 5m sum(http_requests)\n  {} 0 30 61", "expected 61 at t=600000"),
        ("eval range from 0 to 5m step 5m sum(http_requests)\n  {} 0 30 60", "has not that many steps"),
        (
            'eval instant at 50m sort(http_requests)\n  expect ordered\n  http_requests{job="api", instance="1"} 200\n'
            '  http_requests{job="api", instance="0"} 100',
            "at position 2 but was at 1",
        ),
        ("eval instant at 0 ceil({__name__=~'testmetric.'})", "error evaluating the query: vector cannot contain"),
        (
            "eval instant at 0 ceil({__name__=~'testmetric.'})\n  expect fail msg: x",
            'expected error "x", but got: vector',
        ),
        ("eval instant at 0 1\n  expect fail", "expected an error but got none"),
        ("eval instant at 0 1 +", "error evaluating the query: 1:4: parse error"),
        ("eval instant at 5m http_requests\n  expect warn", "expected warn annotations but none were found"),
        ("eval instant at 5m quantile(2, http_requests)\n  expect no_warn\n  {} Inf", "unexpected warn annotations"),
        (
            "eval instant at 5m quantile(2, http_requests)\n  expect warn regex: ^x",
            'expected warn annotation matching "^x"',
        ),
        (
            "eval instant at 5m quantile(2, http_requests) + quantile(3, http_requests)\n"
            "  expect warn regex: got 2\n  {} Inf",
            "unexpected warn annotation",
        ),
    ],
)
def test_a_script_that_says_otherwise_fails(run: Run, script: str, problem: str):
    (found,) = problems(run, script)
    assert problem in found


def test_each_evaluation_is_judged_with_its_line(run: Run):
    outcomes = run("eval instant at 0 1\n  2\n\neval instant at 0 1\n  1\n\n# a comment\neval instant at 0 1\n  3\n")
    assert [(o.line, o.query, bool(o.problem)) for o in outcomes] == [(1, "1", True), (4, "1", False), (8, "1", True)]


def test_an_instant_query_is_asked_at_other_times_too(run: Run):
    (outcome,) = run("load 1m\n  m 1+1x10\n\neval instant at 5m m offset 1m\n  m 4")
    assert outcome.problem == "expected 4 for m but got 5"


def test_classic_histograms_become_native_ones(run: Run):
    script = """
load_with_nhcb 1m
  h_bucket{le="1", a="b"} 1+1x2
  h_bucket{le="+Inf", a="b"} 3+3x2
  h_sum{a="b"} 5+5x2
  h_count{a="b"} 3+3x2

eval instant at 1m h
  h{a="b"} {{schema:-53 sum:10 count:6 custom_values:[1] buckets:[2 4]}}

eval instant at 1m h_count
  h_count{a="b"} 6
"""
    assert [outcome.problem for outcome in run(script)] == ["", ""]


def test_a_load_that_contradicts_itself_fails_and_the_rest_goes_on(run: Run):
    script = 'load_with_nhcb 1m\n  h_bucket{le="1"} 5\n  h_count 3\n\neval instant at 0 1\n  1'
    failed, passed = run(script)
    assert (failed.line, failed.query, passed.problem) == (1, "load", "")
    assert "count" in failed.problem


def test_start_timestamps_belong_to_their_series(run: Run):
    script = """
load 1m
  c{type="delta"}@st  _ _ -1mx3
  c{type="delta"}     _ _ 60x3

eval instant at 5m increase(c[3m])
  {type="delta"} 180
"""
    assert [outcome.problem for outcome in run(script)] == [""]
