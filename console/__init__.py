"""The web console: its pages, its assets and the stream that keeps them current."""
