"""The whole configuration: files → one checked value."""

from watchkeeper.app.configuration.configuration import Configuration, default_text, find_files, load, load_text

__all__ = ["Configuration", "default_text", "find_files", "load", "load_text"]
