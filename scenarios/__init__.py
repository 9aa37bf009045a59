"""Tests of definitions: the pretend world that they run in, the runner, the report."""
