"""The functions of rules' templates, by examples of Prometheus' documentation and tests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.rules.expansion import AlertData, RuleTemplate, Sample
from watchkeeper.template import TemplateFailure

SAMPLES = [Sample({"__name__": "m", "i": "b"}, 21.0), Sample({"__name__": "m", "i": "a"}, 11.0)]


def expanded(text: str, value: float = 1.0) -> str:
    data = AlertData(Labels({"job": "x"}), Labels({"c": "d"}), "http://watch.example/path", value)

    def query(_text: str) -> Sequence[Sample]:
        return SAMPLES

    return RuleTemplate(text, "A").expand(data, query, 1_000.5)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        (
            "{{ $labels.job }} {{ $value }} {{ $externalLabels.c }} {{ $externalURL }}",
            "x 1 d http://watch.example/path",
        ),
        ("{{ .Labels.job }} {{ $labels.missing }}", "x "),
        ("{{ humanize 1234567.0 }} {{ humanize 0.012 }} {{ humanize 0.0 }}", "1.235M 12m 0"),
        ("{{ humanize1024 1048576.0 }} {{ humanize1024 0.5 }}", "1Mi 0.5"),
        (
            "{{ humanizeDuration 93784.0 }} {{ humanizeDuration 0.02 }} {{ humanizeDuration 1.5 }}",
            "1d 2h 3m 4s 20ms 1.5s",
        ),
        ("{{ humanizePercentage 0.1234567 }}", "12.35%"),
        ("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        ('{{ title "aa bb" }} {{ toUpper "a" }} {{ toLower "A" }}', "Aa Bb A a"),
        ('{{ match "a+" "aa" }} {{ reReplaceAll "(a)b" "x$1" "ab" }}', "true xa"),
        ('{{ query "m" | first | value }} {{ query "m" | first | label "i" }}', "21 b"),
        ('{{ range query "m" | sortByLabel "i" }}{{ .Labels.i }}:{{ .Value }} {{ end }}', "a:11 b:21 "),
        ('{{ graphLink "up" }} {{ tableLink "up" }}', "/graph?g0.expr=up&g0.tab=0 /graph?g0.expr=up&g0.tab=1"),
        ('{{ stripPort "a.b:80" }} {{ stripDomain "a.b:80" }} {{ pathPrefix }}', "a.b a:80 /path"),
        ('{{ parseDuration "1h2m" }} {{ now }}', "3720 1000.5"),
        ('{{ $value | printf "%.3f" }}', "1.000"),
    ],
)
def test_what_a_template_says(text, result):
    assert expanded(text) == result


@pytest.mark.parametrize("text", ['{{ first (query "none") | value | foo }}', "{{ if }}", "{{ .Labels"])
def test_a_malformed_template_is_refused_when_it_is_read(text):
    with pytest.raises(TemplateFailure):
        RuleTemplate(text, "A")


def test_a_template_that_fails_tells_why():
    assert expanded('{{ label "a" "b" }}').endswith("wrong type for value; expected *template.sample>")
