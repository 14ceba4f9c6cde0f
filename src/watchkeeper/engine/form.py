"""multipart/form-data, in which clickhouse-connect sends long parameters and external tables (RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
_ATTRIBUTE = re.compile(r'\b(name|filename)="((?:[^"\\]|\\.)*)"')


class BadForm(Exception):
    """A body that is not the form that its Content-Type announces."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form; `is_file` says whether it came with a file name."""

    name: str
    data: bytes
    is_file: bool


def parse_form(content_type: str, body: bytes) -> tuple[Field, ...]:
    """The fields of a form, in their order. Raises BadForm."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise BadForm("multipart/form-data without a boundary")
    delimiter = b"--" + boundary[1].encode("latin-1")
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise BadForm("the form's last boundary is missing")
    return tuple(_field(section) for section in sections[1:-1])


def _field(section: bytes) -> Field:
    head, blank, data = section.partition(b"\r\n\r\n")
    disposition = _DISPOSITION.search(head)
    if not blank or disposition is None:
        raise BadForm("a field of the form has no Content-Disposition")
    attributes = {match[1]: match[2] for match in _ATTRIBUTE.finditer(disposition[1].decode())}
    if "name" not in attributes:
        raise BadForm("a field of the form has no name")
    return Field(attributes["name"], data, "filename" in attributes)
