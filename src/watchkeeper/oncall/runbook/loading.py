"""The runbooks that a configuration names: files by pattern, and those of packs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from watchkeeper.alerts import unknown_word
from watchkeeper.base.configuration import ConfigurationFailure, Problem, Tree, locate
from watchkeeper.base.configuration.globs import matching_files
from watchkeeper.base.configuration.place import Place, did_you_mean
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.runbook.reading import read_runbook
from watchkeeper.oncall.runbook.runbook import Runbook, Runbooks

KEY = "runbooks"
_PACK = "pack:"


@dataclass(slots=True)
class Loaded:
    """What was found, and what is wrong."""

    runbooks: Runbooks = field(default_factory=Runbooks)
    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])


def load_runbooks(patterns: Sequence[str], severities: Severities, tree: Tree) -> Loaded:
    """The runbooks of `runbooks:` in the configuration `tree`; a relative path is relative to the file it stands in.

    There is a warning for each of their severities that the vocabulary does not know.
    """
    loaded, found = Loaded(), dict[str, Runbook]()
    for i, pattern in enumerate(patterns):
        place = locate(tree, (KEY, i))
        for path in _files(pattern, place, f"{KEY}[{i}]", loaded):
            try:
                _add(read_runbook(path), found)
            except ConfigurationFailure as failure:
                loaded.problems.extend(failure.problems)
    loaded.runbooks = Runbooks(found, severities)
    loaded.warnings.extend(_unknown(loaded.runbooks))
    return loaded


def _unknown(runbooks: Runbooks) -> Iterator[Problem]:
    for runbook in runbooks:
        for value in sorted(runbook.severities):
            if why := unknown_word(value, runbooks.severities):
                yield Problem(Place(runbook.source), f"severities: {why}")


def _add(runbook: Runbook, found: dict[str, Runbook]) -> None:
    other = found.setdefault(runbook.name, runbook)
    if other.source != runbook.source:
        message = f'there is a runbook "{runbook.name}" already, {other.source}: a name stands for one of them'
        raise ConfigurationFailure([Problem(Place(runbook.source), message)])


def _files(pattern: str, place: Place, name: str, loaded: Loaded) -> Iterator[Path]:
    if pattern.startswith(_PACK):
        yield from _pack(pattern.removeprefix(_PACK), place, name, loaded)
        return
    path = Path(place.file).parent / pattern
    if not pattern or "*" in str(path.parent):
        loaded.problems.append(Problem(place, f'{name}: "{pattern}" cannot be used: only its last part may have a *'))
        return
    matches = matching_files(path)
    if not matches:
        loaded.warnings.append(Problem(place, f"{name}: no file matches {pattern}"))
    yield from matches


def _pack(pack: str, place: Place, name: str, loaded: Loaded) -> Iterator[Path]:
    known = sorted(folder.name for folder in _packs().iterdir() if (folder / KEY).is_dir())
    if pack not in known:
        hint = did_you_mean(pack, known) or f": right would be {', '.join(known)}"
        loaded.problems.append(Problem(place, f'{name}: there is no pack "{pack}" with runbooks{hint}'))
        return
    yield from sorted((_packs() / pack / KEY).glob("*.md"))


def _packs() -> Path:
    return Path(str(files("watchkeeper.packs")))
