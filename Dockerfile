# One image for the worker, the gateway, the console, the command line and the sandbox; the command says which.
# requirements-production.lock leaves the tools of development and the embedded Temporal out.

FROM python:3.11.14-slim-bookworm AS packages
COPY requirements-production.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-production.lock

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ordo && install -d -o ordo /data
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /ordo
COPY starter.py worker.py ./
COPY activities activities
COPY activity_contract activity_contract
COPY cli cli
COPY compiler compiler
COPY console console
COPY gateway gateway
COPY http_server http_server
COPY catalogue_store catalogue_store
COPY ledger ledger
COPY operations operations
COPY sandbox sandbox
COPY scenarios scenarios
COPY stack stack
COPY views views
COPY workers workers
COPY workflows workflows
COPY definitions definitions
COPY orders orders
RUN python -m compileall -q .
USER ordo
CMD ["python", "worker.py"]
