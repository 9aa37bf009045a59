"""One module for each version of the schema, in their order: `vNNNN_what_it_adds.py`."""
