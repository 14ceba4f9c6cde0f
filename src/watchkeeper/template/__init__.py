"""Go's text/template language; each room that renders brings its own functions and data.

Source of the behaviour: the documentation of Go's `text/template` and `fmt` packages.
"""

from watchkeeper.template.failure import TemplateFailure
from watchkeeper.template.function import Function
from watchkeeper.template.template import Template
from watchkeeper.template.value import Named, Opaque, Struct, Texts

__all__ = ["Function", "Named", "Opaque", "Struct", "Template", "TemplateFailure", "Texts"]
