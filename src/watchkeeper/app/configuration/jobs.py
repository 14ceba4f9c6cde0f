"""Scrape jobs from all files, each completed by `global`."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.base.configuration import Place, Problem
from watchkeeper.base.configuration.tree import Tree, locate
from watchkeeper.model.relabel import RelabelRule, legacy_problem
from watchkeeper.receive.scrape.config import GlobalConfig, ScrapeConfig


class Jobs:
    """Gathers jobs: `resolved` in their order, `problems` with those that do not fit, `warnings` for the rest."""

    def __init__(self, defaults: GlobalConfig) -> None:
        self.resolved: list[ScrapeConfig] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._defaults = defaults
        self._places: dict[str, Place] = {}

    def add(self, jobs: Sequence[ScrapeConfig], tree: Tree) -> None:
        """Take the jobs under `scrape_configs` in `tree`."""
        for i, job in enumerate(jobs):
            name_at = locate(tree, ("scrape_configs", i, "job_name"))
            if (first := self._places.setdefault(job.job_name, name_at)) != name_at:
                self._problem(name_at, f'there is another job "{job.job_name}" at {first}: names must differ')
                continue
            try:
                resolved = job.resolved(self._defaults)
            except ValueError as error:
                key = "scrape_timeout" if "scrape_timeout" in str(error) else "job_name"
                self._problem(locate(tree, ("scrape_configs", i, key)), str(error))
                continue
            if resolved.metric_name_validation_scheme == "legacy":
                self._check_names("relabel_configs", job.relabel_configs, tree, i)
                self._check_names("metric_relabel_configs", job.metric_relabel_configs, tree, i)
            self.resolved.append(resolved)

    def _check_names(self, key: str, rules: Sequence[RelabelRule], tree: Tree, i: int) -> None:
        for j, rule in enumerate(rules):
            if (wrong := legacy_problem(rule)) is not None:
                place = locate(tree, ("scrape_configs", i, key, j))
                self.warnings.append(Problem(place, f"scrape_configs[{i}].{key}[{j}]: {wrong}"))

    def _problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(place, message))
