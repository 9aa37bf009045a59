"""One page for each finding code, in `pages/CODE.md`: what it means, an example that fails, one that passes."""
