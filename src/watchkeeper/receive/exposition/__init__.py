"""Exposition formats: what scraped targets send, decoded into columns."""

from watchkeeper.receive.exposition.decoder import TextDecoder
from watchkeeper.receive.exposition.exposition import NO_TIMESTAMP, Decoder, Exposition
from watchkeeper.receive.exposition.failure import ExpositionFailure

__all__ = ["NO_TIMESTAMP", "Decoder", "Exposition", "ExpositionFailure", "TextDecoder"]
