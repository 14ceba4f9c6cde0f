"""Whatever somebody writes, it is understood or refused with a place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.configuration import load_text
from watchkeeper.app.configuration.sections import WholeFile
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.base.configuration.section import key_of
from watchkeeper.discovery.config import DiscoveryConfigs, KubernetesSDConfig
from watchkeeper.receive.scrape.config import GlobalConfig, ScrapeConfig

SECTIONS = (WholeFile, GlobalConfig, ScrapeConfig, DiscoveryConfigs, KubernetesSDConfig)
KEYS = sorted({key_of(name) for section in SECTIONS for name in section.model_fields} | {"targets", "names", "files"})
WORDS = ["5", "1m", "a", "true", "~", "'x'", "http://h", "TLS12", "pod", "$1", "(", "${X}", "5MB", "-1", "1e400"]

_trees = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=12,
)


def loads_or_is_refused(text: str) -> None:
    try:
        load_text(text, "f.yml", {}).to_yaml()
    except ConfigurationFailure as failure:
        assert failure.problems
        assert all(problem.place.line > 0 for problem in failure.problems)


@given(st.dictionaries(st.sampled_from([key_of(name) for name in WholeFile.model_fields]), _trees, max_size=4))
def test_any_tree_of_known_keys(entries):
    loads_or_is_refused("\n".join(f"{key}: {value}" for key, value in entries.items()))


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), _trees, max_size=5), min_size=1, max_size=3))
def test_any_scrape_job(jobs):
    lines = ["scrape_configs:"]
    for i, job in enumerate(jobs):
        lines += [f"- job_name: j{i}", *(f"  {key}: {value}" for key, value in job.items() if key != "job_name")]
    loads_or_is_refused("\n".join(lines))
