"""Catalogues kept in Temporal, by version, where every worker of a deployment finds them."""
