"""An editor that speaks to the language server, and texts with a cursor."""
