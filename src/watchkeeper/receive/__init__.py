"""From the wire to the store: scraping, remote write, OTLP, pushes and imports."""
