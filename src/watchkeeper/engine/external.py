"""External data: tables that a request brings for its own statement, and that are gone after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.engine.connection import Connection, EngineError, quote_identifier
from watchkeeper.engine.form import Field

_SUFFIXES = ("_format", "_structure", "_types")
# A comma that no bracket encloses cannot be told by a regular expression alone; types nest a few levels at the most.
_TYPE = re.compile(r"\s*((?:[^,()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+)")


@dataclass(frozen=True, slots=True)
class ExternalTable:
    """A table's columns, as in CREATE TABLE, and its rows in `format`."""

    name: str
    structure: str
    format: str
    data: bytes

    def create(self, connection: Connection) -> None:
        """Make it a temporary table of `connection`. Raises EngineError."""
        name = quote_identifier(self.name)
        connection.run(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        connection.run(f"CREATE TEMPORARY TABLE {name} ({self.structure}) ENGINE = Memory")
        connection.insert(f"INSERT INTO {name}", self.format, self.data)

    def drop(self, connection: Connection) -> None:
        """Take it away again. Raises EngineError."""
        connection.run(f"DROP TEMPORARY TABLE IF EXISTS {quote_identifier(self.name)}")


def external_tables(files: tuple[Field, ...], params: Mapping[str, str]) -> tuple[ExternalTable, ...]:
    """The tables in a form's files; `params` say NAME_structure or NAME_types, and NAME_format. Raises EngineError."""
    return tuple(_table(file, params) for file in files)


def without_descriptions(params: Mapping[str, str], files: tuple[Field, ...]) -> dict[str, str]:
    """`params` without those that describe external tables."""
    described = {file.name + suffix for file in files for suffix in _SUFFIXES}
    return {name: value for name, value in params.items() if name not in described}


def _table(file: Field, params: Mapping[str, str]) -> ExternalTable:
    structure, types = params.get(f"{file.name}_structure"), params.get(f"{file.name}_types")
    if structure is None and types is not None:
        structure = ", ".join(f"_{n} {match[1]}" for n, match in enumerate(_TYPE.finditer(types), 1))
    if not structure:
        raise EngineError(
            f"Code: 36. DB::Exception: External table {file.name} has neither {file.name}_structure nor "
            f"{file.name}_types. (BAD_ARGUMENTS)"
        )
    return ExternalTable(file.name, structure, params.get(f"{file.name}_format", "TabSeparated"), file.data)
