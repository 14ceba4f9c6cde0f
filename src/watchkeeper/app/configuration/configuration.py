"""The configuration as the rooms use it, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchkeeper.alerts import Routing, Silencing, check_routing, check_severities, check_silencing, severities_of
from watchkeeper.app.configuration.calendars import feeds_of, read_calendars, unknown_names
from watchkeeper.app.configuration.despite import routing_problems
from watchkeeper.app.configuration.jobs import Jobs
from watchkeeper.app.configuration.references import missing_files
from watchkeeper.app.configuration.sections import ScrapeFile, WholeFile
from watchkeeper.base.configuration import ConfigurationFailure, Problem
from watchkeeper.base.configuration.decoding import decode, not_yet
from watchkeeper.base.configuration.document import read_document, read_file
from watchkeeper.base.configuration.environment import expand
from watchkeeper.base.configuration.globs import matching_files
from watchkeeper.base.configuration.merging import merge
from watchkeeper.base.configuration.rendering import render
from watchkeeper.base.configuration.tree import Table, Tree, locate
from watchkeeper.base.failure import Failure
from watchkeeper.base.ical import Feed
from watchkeeper.model.severity import Severities
from watchkeeper.notify import NotifyConfig, Receiver, check_templates, resolve_receivers
from watchkeeper.oncall import (
    Roster,
    check_on_call,
    check_on_call_severities,
    check_overrides,
    check_reach,
    receiver_of,
)
from watchkeeper.oncall.incident import check_incidents
from watchkeeper.oncall.quality import check_quality
from watchkeeper.oncall.runbook import Runbooks, load_runbooks
from watchkeeper.receive.scrape.config import ScrapeConfig

DEFAULT_FILES = ("watchkeeper.yml", "watchkeeper.yaml", "prometheus.yml", "prometheus.yaml")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the files say, checked and with `global`'s defaults filled into the jobs.

    `rule_files` are the files that the globs lead to now, in order; `notify` has the receivers completed in the same
    way, those of people's contacts, too; `routing` is None where no route is given; `silencing` is about silences and
    `roster` about people; `calendars` are those that both live by, of which those in files have been read; `warnings`
    say what has no effect, or may surprise.
    """

    sections: WholeFile
    scrape_configs: tuple[ScrapeConfig, ...]
    rule_files: tuple[Path, ...]
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    routing: Routing | None = None
    silencing: Silencing = field(default_factory=Silencing)
    roster: Roster = field(default_factory=Roster)
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()
    runbooks: Runbooks = field(default_factory=Runbooks)
    calendars: tuple[Feed, ...] = ()

    @property
    def severities(self) -> Severities:
        """What values of the severity label mean."""
        return severities_of(self.sections)

    def to_yaml(self) -> str:
        """The configuration as it is understood, secrets shown as `<secret>` (for /api/v1/status/config)."""
        completed = {"scrape_configs": self.scrape_configs, "receivers": self.notify.receivers}
        return render(self.sections.model_copy(update=completed))


def find_files(folder: Path) -> tuple[Path, ...]:
    """The configuration file that lies in `folder`, where none is named: watchkeeper.yml, else prometheus.yml."""
    return next(((folder / name,) for name in DEFAULT_FILES if (folder / name).is_file()), ())


def load(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    *,
    own_address: str = "127.0.0.1:9800",
    check_selector: Callable[[str], None] | None = None,
) -> Configuration:
    """The configuration in `paths`, merged; without any, one that scrapes ourselves at `own_address`.

    `check_selector` raises a ValueError or a Failure with what is wrong with a series selector. Raises
    ConfigurationFailure with every problem in every file.
    """
    if paths:
        return _Loader(environ, check_selector).load(paths)
    return load_text(default_text(own_address), "default configuration", environ)


def load_text(text: str, file: str, environ: Mapping[str, str]) -> Configuration:
    """The configuration written in `text`; `file` is what messages call it. Raises ConfigurationFailure."""
    return _Loader(environ, None).finish(read_document(text, file), ())


def default_text(own_address: str) -> str:
    """The configuration for those who bring none."""
    return f"""\
global:
  scrape_interval: 15s
  evaluation_interval: 15s
scrape_configs:
- job_name: watchkeeper
  static_configs:
  - targets: ["{own_address}"]
"""


class _Loader:
    """One loading: gathers problems and warnings from all files."""

    def __init__(self, environ: Mapping[str, str], check_selector: Callable[[str], None] | None) -> None:
        self._environ = environ
        self._check_selector = check_selector
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []

    def load(self, paths: Sequence[Path]) -> Configuration:
        trees = [tree for path in paths if (tree := self._read(path)) is not None]
        if not trees:
            raise ConfigurationFailure(self._problems)
        whole = trees[0]
        for further in trees[1:]:
            whole = merge(whole, further, self._problems)
        return self.finish(whole, tuple(paths))

    def finish(self, tree: Tree, files: tuple[Path, ...]) -> Configuration:
        tree = expand(tree, self._environ, self._problems)
        try:
            sections = decode(WholeFile, tree)
        except ConfigurationFailure as failure:
            raise ConfigurationFailure([*self._problems, *failure.problems, *routing_problems(tree)]) from failure
        self._warnings.extend(not_yet(sections, tree))
        self._warnings.extend(missing_files(sections, tree))
        self._check_retention(sections, tree)
        sections = sections.model_copy(update={"global_": sections.global_.resolved()})
        jobs = Jobs(sections.global_)
        jobs.add(sections.scrape_configs, tree)
        for path in self._matching(sections.scrape_config_files, tree, "scrape_config_files"):
            self._add_scrape_file(jobs, path)
        rule_files = self._matching(sections.rule_files, tree, "rule_files")
        notify = self._notify(sections, tree)
        routing = self._routing(sections, tree)
        runbooks = self._runbooks(sections, tree)
        names = [receiver.name for receiver in sections.receivers]
        self._problems.extend(check_silencing(sections, names, tree))
        self._problems.extend(check_quality(sections, names, tree))
        self._problems.extend(check_on_call(sections, sections.receivers, tree))
        self._warnings.extend(check_on_call_severities(sections, severities_of(sections), tree))
        self._warnings.extend(check_reach(sections, tree))
        self._problems.extend(jobs.problems)
        self._warnings.extend(jobs.warnings)
        if self._problems:
            raise ConfigurationFailure(self._problems)
        silencing, roster = Silencing.of(sections), sections.roster(severities_of(sections))
        feeds = feeds_of(roster, silencing)
        if problems := list(read_calendars(feeds, sections, tree)):
            raise ConfigurationFailure(problems)
        self._warnings.extend(unknown_names(roster, sections, tree))
        self._warnings.extend(check_overrides(roster, sections, tree))
        warnings = tuple(sorted(set(self._warnings)))
        return Configuration(
            sections,
            tuple(jobs.resolved),
            rule_files,
            notify,
            routing,
            silencing,
            roster,
            files,
            warnings,
            runbooks,
            feeds,
        )

    def _routing(self, sections: WholeFile, tree: Tree) -> Routing | None:
        found = check_routing(sections, [receiver.name for receiver in sections.receivers], tree)
        self._problems.extend(found.problems)
        self._warnings.extend(found.warnings)
        self._warnings.extend(check_severities(sections, severities_of(sections), tree))
        return None if found.problems else Routing.of(sections, sections.global_.resolve_timeout_ms)

    def _runbooks(self, sections: WholeFile, tree: Tree) -> Runbooks:
        loaded = load_runbooks(sections.runbooks, severities_of(sections), tree)
        self._problems.extend(loaded.problems)
        self._warnings.extend(loaded.warnings)
        receivers = [receiver.name for receiver in sections.receivers]
        self._problems.extend(check_incidents(sections.incidents, loaded.runbooks, receivers, tree))
        return loaded.runbooks

    def _notify(self, sections: WholeFile, tree: Tree) -> NotifyConfig:
        template_files = self._matching(sections.templates, tree, "templates")
        templates = check_templates(tree, template_files)
        self._problems.extend(templates.problems)
        self._warnings.extend(templates.warnings)
        receivers = resolve_receivers(sections.receivers, sections.global_, tree, self._problems)
        contacts = self._contacts(sections, tree)
        return NotifyConfig(receivers, contacts, template_files)

    def _contacts(self, sections: WholeFile, tree: Tree) -> tuple[Receiver, ...]:
        return tuple(
            contact.model_copy(update={"name": receiver_of(person.name, contact.name)})
            for i, person in enumerate(sections.people)
            for contact in resolve_receivers(
                person.contacts, sections.global_, tree, self._problems, ("people", i, "contacts")
            )
        )

    def _read(self, path: Path) -> Tree | None:
        try:
            tree = read_file(path)
        except ConfigurationFailure as failure:
            self._problems.extend(failure.problems)
            return None
        if isinstance(tree, Table):
            return tree
        self._problems.append(Problem(tree.place, "the top level should be a mapping"))
        return None

    def _add_scrape_file(self, jobs: Jobs, path: Path) -> None:
        if (tree := self._read(path)) is None:
            return
        tree = expand(tree, self._environ, self._problems)
        try:
            section = decode(ScrapeFile, tree)
        except ConfigurationFailure as failure:
            self._problems.extend(failure.problems)
            return
        self._warnings.extend(not_yet(section, tree))
        self._warnings.extend(missing_files(section, tree))
        jobs.add(section.scrape_configs, tree)

    def _matching(self, patterns: Sequence[Path | None], tree: Tree, key: str) -> tuple[Path, ...]:
        found: list[Path] = []
        for i, pattern in enumerate(patterns):
            place = locate(tree, (key, i))
            if pattern is None or "*" in str(pattern.parent):
                message = f'"{pattern or ""}" cannot be used: only its last part may have a *'
                self._problems.append(Problem(place, message))
                continue
            matches = matching_files(pattern)
            if not matches:
                self._warnings.append(Problem(place, f"{key}[{i}]: no file matches {pattern}"))
            found.extend(matches)
        return tuple(dict.fromkeys(found))

    def _check_retention(self, sections: WholeFile, tree: Tree) -> None:
        if self._check_selector is None:
            return
        for i, rule in enumerate(sections.retention):
            try:
                if rule.match:
                    self._check_selector(rule.match)
            except (Failure, ValueError) as error:
                place = locate(tree, ("retention", i, "match"))
                self._problems.append(Problem(place, f"retention[{i}].match: {error}"))
