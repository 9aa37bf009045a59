#!/bin/sh
# Runs once in temporalio/admin-tools after the server: the namespace, with RETENTION for ended orders. May be repeated.
# With its run Temporal forgets that an order's id was used, so ended orders are kept for years.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
# What lists of orders search by; may be repeated. A namespace is known everywhere some seconds after it is created.
until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name OrderState --type Keyword --name CustomerId --type Keyword --name Products --type KeywordList \
    --name FalloutCount --type Int --name OpenTasks --type Int --name Queues --type KeywordList \
    --name Jeopardy --type Keyword --name CatalogueVersion --type Keyword --name RequestedCompletion --type Datetime; do
    sleep 2
done
