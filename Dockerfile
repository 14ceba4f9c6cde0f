# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv
WORKDIR /build
COPY pyproject.toml uv.lock README.md ./
COPY src ./src
ENV UV_PROJECT_ENVIRONMENT=/opt/watchkeeper UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN useradd --uid 65532 --create-home watchkeeper \
    && install -d -o watchkeeper -g watchkeeper /data
COPY --from=build /opt/watchkeeper /opt/watchkeeper
USER watchkeeper
# Prometheus' and Alertmanager's ports beside our own, so that an existing Compose file needs a new image name only.
ENV PATH=/opt/watchkeeper/bin:$PATH \
    WATCHKEEPER_DATA=/data \
    WATCHKEEPER_LISTEN="0.0.0.0:9090 0.0.0.0:9093 0.0.0.0:9800"
EXPOSE 9090 9093 9800
VOLUME /data
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9800/-/ready', timeout=2)"]
ENTRYPOINT ["watchkeeper", "serve"]
