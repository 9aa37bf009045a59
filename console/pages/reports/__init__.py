"""Pages of reports, and their files for programs."""
