"""Configuration files: YAML with positions → checked values, with every problem at once, each at its place."""

from watchkeeper.base.configuration.alternatives import TokenSection, at_most_one, exactly_one
from watchkeeper.base.configuration.decoding import decode, not_yet
from watchkeeper.base.configuration.document import read_document, read_file
from watchkeeper.base.configuration.names import PathName, TimeZone
from watchkeeper.base.configuration.place import ConfigurationFailure, Place, Problem
from watchkeeper.base.configuration.scalars import (
    Count,
    DurationMs,
    FilePath,
    Flag,
    Integer,
    Number,
    SizeBytes,
    Text,
)
from watchkeeper.base.configuration.secret import Secret
from watchkeeper.base.configuration.section import NotYet, Section
from watchkeeper.base.configuration.tree import Tree, locate

__all__ = [
    "ConfigurationFailure",
    "Count",
    "DurationMs",
    "FilePath",
    "Flag",
    "Integer",
    "NotYet",
    "Number",
    "PathName",
    "Place",
    "Problem",
    "Secret",
    "Section",
    "SizeBytes",
    "Text",
    "TimeZone",
    "TokenSection",
    "Tree",
    "at_most_one",
    "decode",
    "exactly_one",
    "locate",
    "not_yet",
    "read_document",
    "read_file",
]
