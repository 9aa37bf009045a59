"""The changes between two catalogues in words: for a terminal, for a pull request, and for programs."""
