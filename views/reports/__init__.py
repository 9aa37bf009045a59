"""Reports, as tables for people and as rows for spreadsheets."""
