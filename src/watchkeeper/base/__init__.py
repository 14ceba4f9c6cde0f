"""What every room stands on: time, failure, durations, configuration files, HTTP client, self-metrics."""
