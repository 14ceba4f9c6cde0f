"""Exposition formats: what scraped targets send, decoded into columns."""

from watchkeeper.receive.exposition.conversion import ConvertingDecoder
from watchkeeper.receive.exposition.decoder import TextDecoder, warm_up
from watchkeeper.receive.exposition.exposition import NO_TIMESTAMP, Decoder, Exposition
from watchkeeper.receive.exposition.failure import ExpositionFailure
from watchkeeper.receive.exposition.line import ExemplarText
from watchkeeper.receive.exposition.protobuf import ProtobufDecoder

__all__ = [
    "NO_TIMESTAMP",
    "ConvertingDecoder",
    "Decoder",
    "ExemplarText",
    "Exposition",
    "ExpositionFailure",
    "ProtobufDecoder",
    "TextDecoder",
    "warm_up",
]
