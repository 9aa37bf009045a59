#!/bin/sh
# Runs once in temporalio/admin-tools after the server: the namespace, with RETENTION for ended orders. May be repeated.
# With its run Temporal forgets that an order's id was used, so ended orders are kept for years.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
