"""How long the tests of this folder look for faults: always the same examples, or with ORDO_FUZZ_EXAMPLES new ones."""

from __future__ import annotations

import os
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("ORDO_FUZZ_EXAMPLES", "0"))
FUZZ = settings(
    max_examples=EXAMPLES or 40,
    derandomize=not EXAMPLES,
    deadline=20_000,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
"""An example that takes 20 s hangs: most take some milliseconds."""
RANDOM: st.SearchStrategy[Random] = st.integers(0, 2**32).map(Random)
"""What mutations are drawn from. A failure names the seed."""

PIECES = [
    *("kind: ", "id: a\n", "lines: ", "- ", "  ", "\n", ":", "{", "}", "[", "]", "&a ", "*a", "!x ", "'", '"', "|\n"),
    *("#", "\t", "${", "$${", "attributes.", "steps.", "system", "receiver", "scenario", "---\n", "<<: ", "? ", "0x1"),
    *(
        "1e999",
        "base_url: http://a\n",
        "order: ",
        "expect: ",
        "customer: {id: c}\n",
        "product: home_security\n",
        ">-\n",
    ),
]
WILD = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)
"""Text that looks a little like a definition or an order."""
