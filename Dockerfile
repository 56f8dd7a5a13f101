# syntax=docker/dockerfile:1
# One image per deployable, all from this file:
#   docker build --build-arg SERVICE=services.participants -t foscao-hub/participants:0.1.0 .
#   docker build --build-arg SERVICE=gateway               -t foscao-hub/gateway:0.1.0 .
#   docker build --build-arg SERVICE=cli                   -t foscao-hub/cli:0.1.0 .
#
# The base is pinned by tag. For a release, pin it by digest as well: take the digest printed by
#   docker buildx imagetools inspect python:3.11.15-slim-bookworm
# and build with --build-arg PYTHON=3.11.15-slim-bookworm@sha256:<digest>.
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS build
ARG SERVICE
WORKDIR /src
COPY requirements.lock ./
# Hashes are checked; wheels only, so that nothing is compiled and no package's set-up code runs.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements.lock \
    && /venv/bin/python -m pip uninstall --yes pip
COPY shared shared
COPY services services
COPY gateway gateway
COPY operations operations
COPY cli cli
COPY deploy/healthcheck.py deploy/databases.py deploy/permissions.py deploy/
# An image carries its own service, not its neighbours; the operators' command rebuilds reporting,
# and reads the other databases by what their layouts name.
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN room="${SERVICE//.//}"; \
    test -f "${room}/__main__.py" || { echo "SERVICE='${SERVICE}' has no entry module" >&2; exit 1; }; \
    mkdir /app; \
    cp --recursive --parents "${room}" shared deploy /app/; \
    if [[ "${room}" == cli ]]; then \
        cp --recursive --parents operations services/reporting /app/; \
        cp --parents services/*/{__init__,layout}.py gateway/{,identity/}__init__.py gateway/identity/layout.py /app/; \
    fi; \
    if [[ "${room}" != gateway ]]; then cp --parents services/__init__.py /app/; fi; \
    /venv/bin/python -m compileall -q /app /venv/lib

FROM python:${PYTHON}
ARG SERVICE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="FOSCAO Hub ${SERVICE}" \
      org.opencontainers.image.description="The event-driven backbone of the West African Civil Society Forum's peace work" \
      org.opencontainers.image.vendor="FOSCAO / WACSOF" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# pip is not needed to run, and what is not there cannot be abused.
RUN python -m pip uninstall --yes --root-user-action=ignore pip setuptools wheel
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Bytecode was compiled above: the root file system can be mounted read-only (/tmp as tmpfs).
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    SERVICE=${SERVICE} \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8000 \
    HEALTH_HOST=0.0.0.0 \
    HEALTH_PORT=8080
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-m", "deploy.healthcheck"]
# `exec` leaves Python as process 1: SIGTERM reaches it, and it ends its work in order.
ENTRYPOINT ["/bin/sh", "-c", "exec python -m \"$SERVICE\""]
