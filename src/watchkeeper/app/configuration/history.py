"""What the journal is told of configurations."""

from __future__ import annotations

from watchkeeper.app.configuration.configuration import Configuration
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.base.failure import Failure
from watchkeeper.journal import Entry, Kind

_MOST_PROBLEMS = 20


def configuration_loaded(configuration: Configuration, at: int, *, at_start: bool) -> Entry:
    """A configuration is in force from the instant `at` (ms) on."""
    files = [str(file) for file in configuration.files]
    when = "with the start" if at_start else "by a reload"
    text = f"the configuration in {', '.join(files) or 'no file, the default one,'} came into force {when}"
    warnings = [str(warning) for warning in configuration.warnings[:_MOST_PROBLEMS]]
    return Entry(Kind.CONFIGURATION_LOADED, at, text, details={"files": files, "warnings": warnings})


def configuration_refused(why: Failure, at: int) -> Entry:
    """A configuration was refused, and the one before stays in force."""
    problems = [str(one) for one in why.problems] if isinstance(why, ConfigurationFailure) else [str(why)]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    text = f"a new configuration was refused, and the one before stays in force: {problems[0]}{more}"
    return Entry(Kind.CONFIGURATION_REFUSED, at, text, details={"problems": problems[:_MOST_PROBLEMS]})
