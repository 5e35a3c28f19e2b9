"""How it goes, told to whoever watches: metrics for Prometheus, spans for OpenTelemetry."""
