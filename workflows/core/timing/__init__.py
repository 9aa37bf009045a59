"""Durations, forecasts, SLA clocks and jeopardy."""
