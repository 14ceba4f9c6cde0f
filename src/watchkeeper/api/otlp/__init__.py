"""OTLP's two transports: HTTP and gRPC."""
