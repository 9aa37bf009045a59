"""Pictures as SVG and as one offline HTML page."""
