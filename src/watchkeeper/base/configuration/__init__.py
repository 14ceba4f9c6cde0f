"""Configuration files: YAML with positions → checked values, with every problem at once, each at its place."""

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

__all__ = [
    "ConfigurationFailure",
    "Count",
    "DurationMs",
    "FilePath",
    "Flag",
    "Integer",
    "NotYet",
    "Number",
    "Place",
    "Problem",
    "Secret",
    "Section",
    "SizeBytes",
    "Text",
]
