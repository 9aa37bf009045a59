"""Findings for programs, and the pages that explain them."""
