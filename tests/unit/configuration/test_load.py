"""The whole configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from watchkeeper.app.configuration import Configuration, find_files, load, load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.cli import main
from watchkeeper.model.labels import Labels

FULL = """\
global:
  scrape_interval: 30s
  external_labels: {cluster: eu}
  resolve_timeout: 5m
scrape_configs:
- job_name: web
  tenant: shop
  scrape_timeout: 5s
  body_size_limit: 10MB
  basic_auth: {username: alice, password: hush}
  proxy_url: http://u:hush@proxy:3128
  static_configs:
  - targets: ["a:1"]
    labels: {env: prod}
  consul_sd_configs:
  - {server: c, token: hush}
  metric_relabel_configs:
  - {source_labels: [__name__], regex: go_.*, action: drop}
storage:
  url: clickhouse://u:hush@db:8123/watch
retention:
- {match: '{__name__=~"a_.*"}', keep: 30d}
limits:
  series: 1000
  tenants: {shop: {series: 10}}
remote_write:
- url: http://h/w
"""


def loaded(text: str, environ: dict[str, str] | None = None) -> Configuration:
    return load_text(text, "f.yml", environ or {})


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as caught:
        loaded(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_job_takes_from_global_what_it_leaves_open():
    configuration = loaded(FULL)
    (job,) = configuration.scrape_configs
    assert (job.job_name, job.tenant) == ("web", "shop")
    assert (job.scrape_interval_ms, job.scrape_timeout_ms) == (30_000, 5_000)
    assert job.body_size_limit_bytes == 10 << 20
    assert job.static_configs[0].labels == Labels({"env": "prod"})
    assert job.scrape_protocols is not None
    assert job.scrape_protocols[0] == "OpenMetricsText1.0.0"
    assert configuration.sections.global_.evaluation_interval_ms == 60_000
    assert configuration.sections.global_.external_labels == Labels({"cluster": "eu"})
    assert configuration.sections.limits.of("shop").series == 10
    assert configuration.sections.limits.of("other").series == 1000
    assert configuration.sections.retention[0].keep_ms == 30 * 86_400_000


def test_what_has_no_effect_yet_is_named_with_its_place():
    assert [str(warning) for warning in loaded(FULL).warnings] == [
        "f.yml:15:3: scrape_configs[0].consul_sd_configs has no effect: finding targets through Consul is not done yet",
        "f.yml:26:1: remote_write has no effect: forwarding samples is not done yet",
    ]


def test_the_configuration_is_shown_without_secrets_and_can_be_read_again():
    shown = loaded(FULL).to_yaml()
    assert "hush" not in shown
    assert yaml.safe_load(shown)["scrape_configs"][0]["scrape_interval"] == "30s"
    again = loaded(shown.replace("url: <secret>", "url: clickhouse://db"))
    assert again.scrape_configs[0].metric_relabel_configs == loaded(FULL).scrape_configs[0].metric_relabel_configs
    assert again.scrape_configs[0].scrape_interval_ms == 30_000


def test_every_problem_is_named_at_once():
    text = """\
global: {scrape_interval: 15}
recievers: []
scrape_configs:
- job_name: a
  scrape_interval: 5s
  relabel_configs:
  - {source_label: [b], action: nosuch}
- job_name: b
  scheem: https
"""
    assert refused(text) == [
        'f.yml:1:27: global.scrape_interval: not a valid duration string: "15" '
        "(right would be, for instance, 30s, 5m or 1h30m)",
        'f.yml:2:1: unknown key "recievers" in the top level: did you mean "receivers"?',
        'f.yml:7:6: unknown key "source_label" in scrape_configs[0].relabel_configs[0]: did you mean "source_labels"?',
        'f.yml:7:33: scrape_configs[0].relabel_configs[0].action: unknown relabel action "nosuch" (there are replace, '
        "keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase)",
        'f.yml:9:3: unknown key "scheem" in scrape_configs[1]: did you mean "scheme"?',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "scrape_configs:\n- job_name: a\n- job_name: a\n",
            'f.yml:3:13: there is another job "a" at f.yml:2:13: names must differ',
        ),
        (
            "scrape_configs:\n- job_name: a\n  scrape_timeout: 2m\n",
            'f.yml:3:19: the scrape_timeout of job "a" is greater than its scrape_interval',
        ),
        ("scrape_configs: [{}]", 'f.yml:1:18: "job_name" is missing in scrape_configs[0]'),
        ("scrape_configs: {}", "f.yml:1:17: scrape_configs: should be a list"),
        ("rule_files: rules.yml", "f.yml:1:13: rule_files: should be a list: put it into [ ]"),
        ("scrape_configs:\n-\n", "f.yml:2:2: scrape_configs[0]: is empty or null"),
        (
            "retention: [{match: x, keep: 0s}]",
            "f.yml:1:13: retention[0]: keep must be longer than 0s",
        ),
        ("storage: {url: 'ftp://x'}", "f.yml:1:10: storage: the storage url must start with clickhouse://"),
        ("rule_files: ['a/*/b.yml']", 'f.yml:1:14: "a/*/b.yml" cannot be used: only its last part may have a *'),
    ],
)
def test_what_cannot_be_is_named_with_what_would_be_right(text, said):
    (problem,) = refused(text)
    assert problem.startswith(said)


def test_variables_are_expanded_and_missing_ones_are_problems():
    text = "scrape_configs: [{job_name: '${JOB}', metrics_path: '${PATH_OF:-/m}'}]"
    (job,) = loaded(text, {"JOB": "a"}).scrape_configs
    assert (job.job_name, job.metrics_path) == ("a", "/m")
    assert any("the environment variable JOB is not set" in problem for problem in refused(text))


def write(folder: Path, **files: str) -> list[Path]:
    paths = [folder / f"{name}.yml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return paths


def test_several_files_are_one(tmp_path):
    paths = write(
        tmp_path,
        a="global: {scrape_interval: 5s, external_labels: {a: x}}\nscrape_configs: [{job_name: a}]",
        b="global: {evaluation_interval: 10s, external_labels: {b: y}}\nscrape_configs: [{job_name: b}]",
        c="global:\nscrape_configs:\n",
    )
    configuration = load(paths, {})
    assert [job.job_name for job in configuration.scrape_configs] == ["a", "b"]
    assert {job.scrape_interval_ms for job in configuration.scrape_configs} == {5_000}
    assert configuration.sections.global_.evaluation_interval_ms == 10_000
    assert configuration.sections.global_.external_labels == Labels({"a": "x", "b": "y"})
    assert configuration.files == tuple(paths)


def test_a_value_that_two_files_give_is_named_with_both_places(tmp_path):
    paths = write(tmp_path, a="global: {scrape_interval: 5s}", b="\nglobal: {scrape_interval: 6s}", c="global: [x]")
    with pytest.raises(ConfigurationFailure) as caught:
        load(paths[:2], {})
    expected = f'{paths[1]}:2:27: "global.scrape_interval" is already given at {paths[0]}:1:27: keep one of them'
    assert str(caught.value) == expected
    with pytest.raises(ConfigurationFailure, match='"global" is of another kind than at'):
        load([paths[0], paths[2]], {})


def test_problems_of_all_files_are_named(tmp_path):
    paths = write(tmp_path, a="a: [", b="- a", c="nosuch: 1")
    with pytest.raises(ConfigurationFailure) as caught:
        load([*paths[:2], tmp_path / "d.yml"], {})
    assert {Path(problem.place.file).name for problem in caught.value.problems} == {"a.yml", "b.yml", "d.yml"}


def test_paths_are_relative_to_the_file_that_names_them(tmp_path):
    (tmp_path / "rules").mkdir()
    for name in ("b.yml", "a.yml", ".hidden.yml"):
        (tmp_path / "rules" / name).write_text("groups: []")
    (tmp_path / "secret").write_text("x")
    (path,) = write(
        tmp_path,
        main="rule_files: [rules/*.yml, rules/a.yml, nosuch.yml]\n"
        "scrape_configs: [{job_name: a, bearer_token_file: secret, tls_config: {ca_file: nosuch.pem}}]",
    )
    configuration = load([path], {})
    names = [rule_file.name for rule_file in configuration.rule_files]
    assert names == [".hidden.yml", "a.yml", "b.yml"]
    assert configuration.scrape_configs[0].bearer_token_file == tmp_path / "secret"
    assert [warning.message for warning in configuration.warnings] == [
        f"rule_files[2]: no file matches {tmp_path / 'nosuch.yml'}",
        f"scrape_configs[0].tls_config.ca_file: the file {tmp_path / 'nosuch.pem'} does not exist",
    ]


def test_scrape_config_files_add_jobs(tmp_path):
    write(
        tmp_path / "jobs",
        one="scrape_configs: [{job_name: one, file_sd_configs: [{files: [t.json]}]}]",
        two="scrape_configs: [{job_name: two}]",
    )
    (path,) = write(tmp_path, main="global: {scrape_interval: 7s}\nscrape_config_files: [jobs/*.yml]")
    jobs = load([path], {}).scrape_configs
    assert [(job.job_name, job.scrape_interval_ms) for job in jobs] == [("one", 7_000), ("two", 7_000)]
    assert jobs[0].file_sd_configs[0].paths == (tmp_path / "jobs" / "t.json",)
    write(tmp_path / "jobs", three="scrape_configs: [{job_name: two}, {job: x}]\nglobal: {}")
    with pytest.raises(ConfigurationFailure) as caught:
        load([path], {})
    assert all(problem.place.file.endswith("three.yml") for problem in caught.value.problems)


def test_without_a_file_we_watch_ourselves(tmp_path):
    (job,) = load([], {}, own_address="127.0.0.1:1234").scrape_configs
    assert (job.job_name, job.static_configs[0].targets) == ("watchkeeper", ("127.0.0.1:1234",))
    assert find_files(tmp_path) == ()
    write(tmp_path, prometheus="global:")
    assert find_files(tmp_path) == (tmp_path / "prometheus.yml",)
    write(tmp_path, watchkeeper="global:")
    assert find_files(tmp_path) == (tmp_path / "watchkeeper.yml",)


def test_selectors_of_retention_rules_are_checked_by_whom_they_concern(tmp_path):
    def check(selector: str) -> None:
        raise ValueError(f"{selector} is no selector")

    (path,) = write(tmp_path, main="retention: [{match: x, keep: 1d}, {keep: 2d}]")
    with pytest.raises(ConfigurationFailure, match=r"main.yml:1:21: retention\[0\].match: x is no selector"):
        load([path], {}, check_selector=check)


def test_equal_jobs_are_equal_and_changed_ones_are_not():
    (job,), (same,) = loaded(FULL).scrape_configs, loaded(FULL).scrape_configs
    assert job == same
    (other,) = loaded(FULL.replace("hush", "loud")).scrape_configs
    assert job != other


def test_legacy_names_are_warned_of():
    text = (
        "scrape_configs: [{job_name: a, metric_name_validation_scheme: legacy, relabel_configs: [{target_label: a-b}]}]"
    )
    (warning,) = loaded(text).warnings
    assert '"a-b" is not a valid target_label' in warning.message
    assert loaded(text).scrape_configs[0].metric_name_escaping_scheme == "underscores"


def test_the_command_reads_the_files_of_templates(tmp_path):
    (tmp_path / "own.tmpl").write_text('{{ define "x" }}\n  {{ if }}\n{{ end }}')
    (file,) = write(tmp_path, wk="templates: ['*.tmpl']")
    result = CliRunner().invoke(main, ["check", "config", str(file)])
    assert (result.exit_code, "own.tmpl:2:9: missing value for if" in result.output) == (1, True), result.output


def test_the_command_warns_of_calls_of_templates_that_nothing_defines(tmp_path):
    (tmp_path / "own.tmpl").write_text(
        '{{ define "mine" }}\n  {{ if .Alerts }}{{ template "gone" . }}{{ end }}{{ end }}'
    )
    (file,) = write(
        tmp_path,
        wk="""\
templates: ['*.tmpl']
route: {receiver: a}
receivers:
- name: a
  webhook_configs: [{url: 'http://x/'}]
  slack_configs:
  - api_url: http://x/
    channel: c
    title: '{{ template "slack.default.title" . }}{{ template "mine" . }}{{ block "own" . }}{{ end }}'
    text: 'All: {{ template "mien" . }}'
""",
    )
    result = CliRunner().invoke(main, ["check", "config", str(file)])
    assert result.exit_code == 0, result.output
    lines = [line.removeprefix(f"{tmp_path}/") for line in result.output.splitlines() if "template" in line]
    assert lines == [
        'own.tmpl:2:22: warning: template "gone" is called, but nothing defines it',
        'wk.yml:10:20: warning: receivers[0].slack_configs[0].text: template "mien" is called, but nothing defines it: '
        'did you mean "mine"?',
    ]


def test_the_command_reads_rule_files(tmp_path):
    (tmp_path / "rules.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]")
    (file,) = write(tmp_path, wk="rule_files: [rules.yml]")
    result = CliRunner().invoke(main, ["check", "config", str(file)])
    assert (result.exit_code, "rules.yml:1:45: group" in result.output) == (1, True), result.output


def test_the_command_says_what_is_wrong_and_ends_accordingly(tmp_path):
    good, bad = write(tmp_path, good="scrape_configs: [{job_name: a}]", bad="scrape_config: []\nglobal: x")
    result = CliRunner().invoke(main, ["check", "config", str(good)])
    assert (result.exit_code, result.output) == (0, "the configuration is valid: 1 scrape job, 0 rule files\n")
    result = CliRunner().invoke(main, ["check", "config", str(bad)])
    assert result.exit_code == 1
    assert 'unknown key "scrape_config" in the top level: did you mean "scrape_configs"?' in result.output
    assert result.output.endswith("2 problems\n")
