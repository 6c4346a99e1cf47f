# wcda with all that it needs, in the pinned releases; docs/operations.md says how compose.yaml uses it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/wcda
RUN /opt/wcda/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/build.txt -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY extractors extractors
COPY flows flows
COPY schemas schemas
COPY warehouse warehouse
COPY wcda wcda
RUN /opt/wcda/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/wcda /opt/wcda
RUN useradd --create-home --uid 1000 wcda && install --directory --owner wcda /srv/wcda /srv/wcda/warehouse /srv/wcda/warehouse/data
# Runs work where `prefect deploy` was called, and relative paths start there.
WORKDIR /srv/wcda
COPY prefect.yaml ./
COPY docs/automations.yaml docs/
ENV PATH=/opt/wcda/bin:/usr/local/bin:/usr/bin:/bin DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
USER wcda
CMD ["wcda", "--help"]
