"""Where the parts of a plan's picture are: lanes, columns, rows, routes. Pure positions, for any form of output."""
