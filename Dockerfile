# Two stages: the first installs the locked packages and collects the static files, the second runs them as nobody's root.
# One image, three entry points (compose.yaml): gunicorn, a Celery worker, Celery's beat.

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-deps --require-hashes --only-binary=:all: -r requirements.lock
COPY manage.py gunicorn.conf.py LICENSE ./
COPY feedback ./feedback
COPY reviews ./reviews
COPY templates ./templates
COPY static ./static
COPY locale ./locale
RUN VAR_DIR=/build STATIC_ROOT=/app/collected /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
        --ignore redoc --ignore rest_framework \
    && /venv/bin/python -m compileall -q feedback reviews

FROM python:3.13-slim-bookworm
# pg_dump and pg_restore, for `manage.py backup`; of the version of compose.yaml's server, for older ones refuse newer.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/touchstone --create-home touchstone
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production VAR_DIR=/var/lib/touchstone STATIC_ROOT=/app/collected PROMETHEUS_MULTIPROC_DIR=/dev/shm/metrics
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
# Uploaded and built files; everything else of the container may be read-only.
VOLUME /var/lib/touchstone
EXPOSE 8000
STOPSIGNAL SIGTERM
# The site answers to its own name only.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; \
    u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0]}))"]
CMD ["gunicorn", "feedback.wsgi", "--bind", "0.0.0.0:8000"]
