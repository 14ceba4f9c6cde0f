"""Measures us beside the real Prometheus and VictoriaMetrics in one run, on the same data, as ratios."""
