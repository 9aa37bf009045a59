"""Tests of definitions: `kind: scenario` documents, run on the core or on a server, and judged by what they expect."""
