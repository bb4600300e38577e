FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY workflow_events workflow_events
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /app --uid 10001 service
WORKDIR /app
COPY --from=build /venv /venv
# The receivers of the example; a deployment mounts its own over it.
COPY extensions extensions
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
USER service
EXPOSE 8000
# Whether it lives: orchestrators restart by this one. Whether it is ready says /readyz.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://localhost:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["workflow-events", "serve", "--migrate"]
