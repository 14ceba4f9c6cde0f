"""The templates of notifications beside Alertmanager's own, by way of amtool."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.notify.templating import Data, Templates, data_of
from watchkeeper.template import TemplateFailure

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

AT = 1_763_700_000_123
FUNCTIONS = [
    '{{ toUpper "aé" }} {{ toLower "AÉ" }} {{ title "hELLO o\'neil foo-bar a_b 1x" }} {{ trimSpace "\\t a b \\n" }}|',
    '{{ join "," (stringSlice "a" "b") }} {{ match "^a.c$" "abc" }} {{ reReplaceAll "(a)(b)?" "<$1${2}$$>" "abxa" }}',
    '{{ urlUnescape "a%20b+c%C3%A9" }} {{ safeHtml "<b>" }} {{ safeUrl "http://x?a=b" }}',
    '{{ list 1 "a" nil }} {{ append (list 1) 2 3 }} {{ dict "a" 1 "b" (list 2) }} {{ list }} {{ dict }}',
    "{{ humanizeDuration 0 }} {{ humanizeDuration 3661.5 }} {{ humanizeDuration 0.012 }} {{ humanizeDuration 90061 }}",
    '{{ toJson (dict "b" "<&>\\"" "a" (list 1 1.5 true nil)) }} {{ toJson .GroupLabels }} {{ toJson .Alerts.Firing }}',
    "{{ toJson . }}",
    '{{ (index .Alerts 0).StartsAt.Format "2006-01-02T15:04:05.000Z07:00 Mon Jan _2 3:04PM Monday 06 1 02 002" }}',
    '{{ (index .Alerts 0).StartsAt | tz "Europe/Paris" | date "15:04:05.999 MST -0700 -07:00 Z0700" }}',
    '{{ (index .Alerts 0).StartsAt | tz "America/New_York" | date "2006-01-02 15:04:05 MST" }}',
    "{{ with index .Alerts 1 }}{{ .StartsAt }} {{ .EndsAt.Sub .StartsAt }} {{ .StartsAt.Unix }}{{ end }}",
    "{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 0).EndsAt }}",
    "{{ .Alerts.Firing }} {{ len .Alerts.Resolved }} {{ .CommonLabels }} {{ .Receiver }} {{ .ExternalURL }}",
    '{{ .CommonLabels.SortedPairs }} {{ .CommonLabels.Names }} {{ .CommonLabels.Values | join "+" }}',
    '{{ .CommonLabels.Remove (stringSlice "alertname") }} {{ (.CommonLabels.SortedPairs).Names | join " " }}',
    "{{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}{{ .Labels.nope }}{{ end }}",
    '{{ printf "%T %T %T %v" .GroupLabels .Alerts .GroupLabels.SortedPairs .GroupLabels }}',
    '{{ range $name, $value := .CommonLabels }}{{ $name }}-{{ $value }} {{ end }}{{ index .CommonLabels "team" }}',
    '{{ printf "%q|%20s|%d|%#v" .CommonLabels .GroupLabels .GroupLabels .CommonLabels }}',
    '{{ printf "%T" .Alerts.Firing }}',
    '{{ printf "%+v" (index .Alerts 0) }} {{ printf "%#v" .CommonLabels.Names }}',
    '{{ printf "%+v" .CommonLabels.SortedPairs }}',
    '{{ printf "%d %v %s" (dict "a" 1) (list nil (list 2)) (list 1 nil "a") }} {{ printf "%5d" (list 1 2) }}',
    '{{ printf "%02d/%d" (index .Alerts 0).StartsAt.Month (index .Alerts 0).StartsAt.Weekday }}',
    "{{ with index .Alerts 2 }}{{ .EndsAt.AddDate 0 -9 10 }} {{ .EndsAt.Truncate 60000000000 }} {{ .EndsAt.UnixNano }}"
    ' {{ printf "%d" (.EndsAt.Sub .StartsAt) }} {{ .EndsAt.Round 60000000000 }} {{ .EndsAt.Location }}{{ end }}',
    "{{ toJson 1.0 }} {{ toJson 1e21 }} {{ toJson 1.5e-9 }} {{ toJson 0.000001 }}",
    '{{ join "," nil }} {{ append nil 1 }}',
    '{{ toUpper "straße" }} {{ toLower "İ" }} {{ title "a:b foo.bar c_d" }} {{ eq .CommonLabels nil }}',
    '{{ date "Janet Jan" (index .Alerts 0).StartsAt }}',
    "{{ .NotificationReason }}|{{ (index .Alerts 0).Fingerprint }}|{{ (index .Alerts 0).GeneratorURL }}",
]
REFUSED = [
    "{{ .Nope }}",
    "{{ .Alerts.Firing.Nope }}",
    '{{ join "," 1 }}',
    '{{ tz "No/Where" (index .Alerts 0).StartsAt }}',
    '{{ dict "a" }}',
    '{{ reReplaceAll "(" "" "x" }}',
    '{{ urlUnescape "%zz" }}',
    "{{ index .Alerts 9 }}",
    '{{ hasPrefix "a" "b" }}',
    "{{ toUpper .Alerts }}",
    "{{ eq (index .Alerts 0) (index .Alerts 1) }}",
    '{{ .CommonLabels.Remove "team" }}',
    "{{ toJson (list .Alerts 1.0) | toUpper | slice 1 }}",
]
HTML = [
    '<a href="{{ "javascript:x" }}">{{ "<b>+\\"\'&" }}</a>',
    '<a href="http://x/?q={{ "a b&c/é" }}&r={{ "z" }}">',
    '<a href="{{ "http://x/a b?c=d&e" }}" title=\'{{ "x\'y" }}\'>',
    '<p title="{{ "a<b>\\"" }}" class={{ "a b" }}>',
    '<!-- {{ "c" }} x --><i>{{ "x" }}</i><br/>{{ "y" }}',
    '<script>var a = {{ "x\\"</script>" }}; var b = "{{ "q\'<" }}";</script>{{ "<" }}',
    '<div style="color: {{ "red" }}; x: {{ "expression(1)" }}"><style>a { color: {{ "#fff" }} }</style>',
    '<b onclick="f({{ "a\'b" }})">{{ safeHtml "<b>x</b>" }}<a href="{{ safeUrl "javascript:x" }}">',
    '<title>{{ "<x>" }}</title><img src=/{{ "a b" }}/x>{{ "<" | html }}<input {{ "checked" }}>',
    '<a title="{{ safeHtml "<b>x&amp;</b>" }}">{{ 1 }} {{ true }} {{ 1.5 }}',
    '{{ template "telegram.default.message" . }}',
]
DEFAULTS = (
    "__subject",
    "slack.default.title",
    "slack.default.username",
    "slack.default.fallback",
    "slack.default.titlelink",
    "slack.default.text",
    "slack.default.color",
    "slack.default.pretext",
    "pagerduty.default.description",
    "pagerduty.default.client",
    "pagerduty.default.clientURL",
    "opsgenie.default.message",
    "opsgenie.default.description",
    "opsgenie.default.source",
    "wechat.default.message",
    "wechat.default.to_user",
    "victorops.default.state_message",
    "victorops.default.entity_display_name",
    "victorops.default.monitoring_tool",
    "pushover.default.title",
    "pushover.default.message",
    "pushover.default.url",
    "sns.default.subject",
    "sns.default.message",
    "telegram.default.message",
    "discord.default.content",
    "discord.default.title",
    "discord.default.message",
    "webex.default.message",
    "msteams.default.summary",
    "msteams.default.title",
    "msteams.default.text",
    "msteamsv2.default.title",
    "msteamsv2.default.text",
    "jira.default.summary",
    "jira.default.description",
    "jira.default.priority",
    "rocketchat.default.title",
    "rocketchat.default.titlelink",
    "rocketchat.default.text",
    "mattermost.default.text",
    "mattermost.default.fallback",
    "mattermost.default.color",
    "email.default.subject",
)
GROUPS = {
    "two firing and one resolved": [("a", "warning", False), ("b", "info", False), ("c", "critical", True)],
    "one firing": [("a", "critical", False)],
    "all resolved": [("a", "none", True), ("b", "info", True)],
}


def group(name: str) -> Data:
    alerts = [
        Alert(
            Labels({"alertname": "Hot <x>", "team": "a", "instance": instance, "severity": severity}),
            Labels({"summary": "too <hot> & 'bad'", "which": instance}),
            AT - 3_600_000,
            AT - 1000 if resolved else AT + 1_000_000,
            "http://p/graph?g0.expr=x&y=1",
        )
        for instance, severity, resolved in GROUPS[name]
    ]
    return data_of(
        "the.team",
        "key",
        Labels({"alertname": "Hot <x>"}),
        alerts,
        at=AT,
        reason="first notification",
        external_url="http://am.example.org",
    )


def amtool(text: str, data: Data, folder: Path, kind: str = "text") -> str | None:
    given, templates = folder / "data.json", folder / "default.tmpl"
    given.write_text(json.dumps(data.as_json()))
    shipped = Path(AMTOOL).parents[1] / "share/prometheus/alertmanager/default.tmpl"
    templates.write_text(
        shipped.read_text() + '{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}'
    )
    command = [AMTOOL, "template", "render", f"--template.glob={templates}", f"--template.text={text}"]
    command += [f"--template.data={given}", f"--template.type={kind}"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout if run.returncode == 0 else None


def templates() -> Templates:
    return Templates((), lambda: AT)


@pytest.mark.parametrize("text", FUNCTIONS)
def test_functions_and_data_are_alertmanagers(text: str, tmp_path: Path) -> None:
    data = group("two firing and one resolved")
    assert templates().render(text, data) == (amtool(text, data, tmp_path) or "").removesuffix("\n")


@pytest.mark.parametrize("name", GROUPS)
def test_default_templates_say_what_alertmanagers_say(name: str, tmp_path: Path) -> None:
    """All of them in one text, with a mark that nothing else contains between them."""
    data, mark = group(name), "\n=====\n"
    text = mark.join('{{ template "' + default + '" . }}' for default in DEFAULTS)
    ours, theirs = templates().render(text, data).split(mark), (amtool(text, data, tmp_path) or "").split(mark)
    assert len(theirs) == len(DEFAULTS)
    theirs[-1] = theirs[-1].removesuffix("\n")
    assert dict(zip(DEFAULTS, ours, strict=True)) == dict(zip(DEFAULTS, theirs, strict=True))


@pytest.mark.parametrize("text", REFUSED)
def test_what_alertmanager_refuses_we_refuse(text: str, tmp_path: Path) -> None:
    data = group("one firing")
    assert amtool(text, data, tmp_path) is None
    with pytest.raises(TemplateFailure):
        templates().render(text, data)


@pytest.mark.parametrize("text", HTML)
def test_html_is_escaped_as_go_escapes_it(text: str, tmp_path: Path) -> None:
    data = group("two firing and one resolved")
    assert templates().render_html(text, data) == amtool(text, data, tmp_path, "html")


def test_a_default_mail_is_html_that_closes_what_it_opens() -> None:
    html = templates().render_html('{{ template "email.default.html" . }}', group("two firing and one resolved"))
    for tag in ("html", "head", "body", "div", "table", "tr", "td", "a", "p", "h2"):
        assert html.count(f"<{tag} ") + html.count(f"<{tag}>") == html.count(f"</{tag}>"), tag
    assert "too &lt;hot&gt; &amp; &#39;bad&#39;" in html
