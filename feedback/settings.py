"""Settings, all read from the environment; the README has the same table in words.

Embedded (no DATABASE_URL, no REDIS_URL): SQLite, Celery's file-system transport and a generated key under VAR_DIR.
Production (ENVIRONMENT=production): everything secret must be given, or the start is refused with a sentence.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from limits import parse as parse_rate
from whitenoise.compress import Compressor

from feedback.api_settings import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401  (Django reads them here)
from feedback.languages import LOCALE_MIDDLEWARE, translated_into
from feedback.sweeps import schedule

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # NAME_FILE names a file that holds the value, for every setting


def refuse(sentence: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(sentence)


ENVIRONMENT = env.str("ENVIRONMENT", default="embedded")
if ENVIRONMENT not in {"embedded", "production"}:
    raise refuse(f"ENVIRONMENT is {ENVIRONMENT!r}; it must be 'embedded' or 'production'.")
PRODUCTION = ENVIRONMENT == "production"
try:
    DEBUG = env.bool("DEBUG", default=False)
    PORT = env.int("PORT", default=8000)
    WEB_WORKERS = env.int("WEB_WORKERS", default=2)
    TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
    INGEST_MAX_BYTES = env.int("INGEST_MAX_BYTES", default=512 * 1024 * 1024)
    INGEST_MAX_ROW_BYTES = env.int("INGEST_MAX_ROW_BYTES", default=4 * 1024 * 1024)
    JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=120)
    SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=5.0)
    # Seconds a statement may run and wait for a lock, by what the process is for (feedback/patience.py); 0 for ever.
    STATEMENT_SECONDS = {
        "web": env.int("WEB_STATEMENT_SECONDS", 30),
        "worker": env.int("WORKER_STATEMENT_SECONDS", 600),
    }
    TRAINING_SECONDS, TRAINING_MEMORY_MB = env.int("TRAINING_SECONDS", 24 * 3600), env.int("TRAINING_MEMORY_MB", 0)
    WEBHOOK_KEEP_DAYS = env.int("WEBHOOK_KEEP_DAYS", default=30)
    LOCK_SECONDS = {"web": env.int("WEB_LOCK_SECONDS", 10), "worker": env.int("WORKER_LOCK_SECONDS", 60)}
except ValueError as error:
    raise refuse(f"A number or truth value in the environment cannot be read: {error}.") from error
if not 1 <= PORT <= 65535:
    raise refuse(f"PORT is {PORT}; it must lie between 1 and 65535.")
if JOB_LEASE_SECONDS < 1 or SWEEP_SECONDS <= 0:
    raise refuse("JOB_LEASE_SECONDS must be at least 1 and SWEEP_SECONDS above 0.")
if min(*STATEMENT_SECONDS.values(), *LOCK_SECONDS.values()) < 0:
    raise refuse("WEB_ and WORKER_STATEMENT_SECONDS and _LOCK_SECONDS must be 0 (no limit) or more.")
if WEB_WORKERS < 1 or TRUSTED_PROXIES < 0 or INGEST_MAX_BYTES < 1 or INGEST_MAX_ROW_BYTES < 1:
    raise refuse("WEB_WORKERS, INGEST_MAX_BYTES and INGEST_MAX_ROW_BYTES must be positive, TRUSTED_PROXIES 0 or more.")
if WEBHOOK_KEEP_DAYS < 4:
    raise refuse("WEBHOOK_KEEP_DAYS must be at least 4: retrying a webhook takes more than three days.")
if PRODUCTION and DEBUG:
    raise refuse("DEBUG must be off when ENVIRONMENT is production.")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)


def generated_secret() -> str:
    """The embedded instance's own key, made on first start and readable by its owner only."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or ("" if PRODUCTION else generated_secret())
if len(SECRET_KEY) < 50:
    raise refuse("SECRET_KEY (or SECRET_KEY_FILE) must be given and hold at least 50 characters in production.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # still believed, no longer used to sign or seal

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise refuse("ALLOWED_HOSTS must name this site's hosts in production, and not '*'.")
BASE_URL = env.str("BASE_URL", default=f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else f"http://127.0.0.1:{PORT}")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])

INSTALLED_APPS = [
    "feedback.accounts",
    "feedback.audit",
    "feedback.takeouts",
    "feedback.outbox",
    "feedback.prompts",
    "feedback.responses",
    "feedback.erasures",
    "feedback.rubrics",
    "feedback.critics",
    "feedback.judgements",
    "feedback.datasets",
    "feedback.training",
    "reviews.queues",
    "reviews.sampling",
    "reviews.imports",
    "reviews.passes",
    "reviews.quality",
    "reviews.moderation",
    "reviews.digests",
    "reviews.monitoring",
    "feedback",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "template_partials",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "feedback.requests.RequestMiddleware",
    "feedback.accounts.access.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "feedback.accounts.access.AccessMiddleware",
]

ROOT_URLCONF = "feedback.urls"
WSGI_APPLICATION = "feedback.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "feedback.accounts.access.page_context",
            ],
            "builtins": ["django.templatetags.i18n"],  # every template speaks through translate and blocktranslate
        },
    }
]

# SQLite takes its write lock when a transaction begins, so that a conditional update never meets a stale read.
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/touchstone.sqlite3")}
if password := env.str("DATABASE_PASSWORD", default=""):
    DATABASES["default"]["PASSWORD"] = password
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    if PRODUCTION:
        raise refuse("DATABASE_URL must name a PostgreSQL database in production.")
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    if pool_size := env.int("DATABASE_POOL", default=0):  # connections that a process's threads share
        DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    DATABASES["default"]["CONN_MAX_AGE"] = 0 if pool_size else env.int("CONN_MAX_AGE", default=600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if env.bool("PREPARE_STATEMENTS", default=True):  # of feedback/hot.py, when they ran five times
        DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
    # A process that stops in mid-transaction loses its locks after the lease of a job. JIT took longer than it won.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", f"-c idle_in_transaction_session_timeout={JOB_LEASE_SECONDS}s -c jit=off"
    )

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["feedback.accounts.backend.PeopleBackend"]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"

ACCOUNT_ADAPTER = "feedback.accounts.adapter.InvitationOnlyAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation link reached the address already; nobody signs up without one
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by mail
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "feedback.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Touchstone"
MFA_TOTP_TOLERANCE = 1  # clocks of phones are off by some seconds
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts come from invitations, see ACCOUNT_EMAIL_VERIFICATION

SESSION_ENGINE = "feedback.accounts.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
else:
    # Cookies are shared by the ports of one host: instances side by side must not sign each other out.
    SESSION_COOKIE_NAME = f"session_{PORT}"
    CSRF_COOKIE_NAME = f"csrf_{PORT}"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [(LANGUAGE_CODE, "English"), *translated_into(LOCALE_PATHS[0])]
if len(LANGUAGES) > 1:  # the browser's wish chooses; with English alone no answer varies by it
    MIDDLEWARE.insert(MIDDLEWARE.index("django.middleware.common.CommonMiddleware"), LOCALE_MIDDLEWARE)
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")  # the slowest, and nobody's page
TESTING = "pytest" in sys.modules
if DEBUG or TESTING:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True  # files are looked for when they are asked for
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # a rubric of forty questions with all their choices is one form
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # forms and ordinary API bodies; ingest streams and has its own cap

EMAIL_URL = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = EMAIL_URL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = EMAIL_URL.get("EMAIL_HOST", ""), EMAIL_URL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL_URL.get("EMAIL_HOST_USER", ""), EMAIL_URL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_URL.get("EMAIL_USE_TLS", False), EMAIL_URL.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="touchstone@localhost")
EMAIL_TIMEOUT = 10

# Celery rings the bell for rows of work (feedback/jobs.py); losing the broker delays work and loses none.
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = env.str("BROKER_URL", default=REDIS_URL) or "filesystem://"
if PRODUCTION and CELERY_BROKER_URL == "filesystem://":
    raise refuse("REDIS_URL (or BROKER_URL) must be given in production.")
EMBEDDED_BROKER = CELERY_BROKER_URL == "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "max_retries": 1,
}
if EMBEDDED_BROKER:
    bell = VAR_DIR / "broker"
    for folder in ("messages", "control"):
        (bell / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(bell / "messages"),
        "data_folder_out": str(bell / "messages"),
        "control_folder": str(bell / "control"),
        "polling_interval": 0.1,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False  # a lost ring is found by the sweep
CELERY_TASK_SOFT_TIME_LIMIT = 20 * 60
CELERY_TASK_TIME_LIMIT = 25 * 60  # below the visibility timeout, so that no message is delivered twice while it runs
CELERY_TASK_DEFAULT_QUEUE = "default"
# A worker serves all three unless -Q says otherwise.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"default": {}, "bulk": {}, "stats": {}}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = schedule(SWEEP_SECONDS)

EGRESS_ALLOW = env.list("EGRESS_ALLOW", default=[])  # host:port of our own network that requests may go to
# Fine-tuning on this machine: scripts that the operator installed, for an interpreter that has TRL. Without: off.
TRAINING_TEMPLATES = env.str("TRAINING_TEMPLATES", default="")
TRAINING_PYTHON = env.str("TRAINING_PYTHON", default=sys.executable)
TRAINING_REPORT_TO = env.list("TRAINING_REPORT_TO", default=[])
if TRAINING_TEMPLATES and not Path(TRAINING_TEMPLATES).is_dir():
    raise refuse(f"TRAINING_TEMPLATES is {TRAINING_TEMPLATES!r}, which is no folder.")
if not set(TRAINING_REPORT_TO) <= {"wandb", "mlflow"}:
    raise refuse("TRAINING_REPORT_TO may name wandb and mlflow, comma separated.")
if TRAINING_SECONDS < 1 or TRAINING_MEMORY_MB and TRAINING_MEMORY_MB < 512:
    raise refuse("TRAINING_SECONDS must be positive, and TRAINING_MEMORY_MB 0 (no limit) or at least 512.")

# Rate limits of the API, counted in Redis where there is one, else by each web process for itself.
RATE_LIMIT = env.str("RATE_LIMIT", default="6000/minute")
RATE_LIMIT_FAILED = env.str("RATE_LIMIT_FAILED", default="60/minute")
RATE_LIMIT_STORAGE = env.str("RATE_LIMIT_STORAGE", default=REDIS_URL) or "memory://"
try:
    for rate in filter(None, (RATE_LIMIT, RATE_LIMIT_FAILED)):
        parse_rate(rate)
except ValueError as error:
    raise refuse(f"RATE_LIMIT and RATE_LIMIT_FAILED look like 6000/minute, or are empty for none: {error}.") from error

# Logs go to standard error: lines for a person, or JSON objects for a program that collects them.
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "line")
if LOG_FORMAT not in {"json", "line"}:
    raise refuse(f"LOG_FORMAT is {LOG_FORMAT!r}; it must be 'json' or 'line'.")
LOG_REQUESTS = env.bool("LOG_REQUESTS", default=PRODUCTION)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "feedback.logs.json_formatter"},
    },
    "filters": {"without_secrets": {"()": "feedback.logs.WithoutSecrets"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["without_secrets"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "kombu.connection": {"level": "ERROR"},  # it misses a host name where files are the broker
        "httpcore2": {"level": "INFO"},  # what others answer stays out of the log at any level
    },
}
EXPORT_DESTINATIONS = env.str("EXPORT_DESTINATIONS", default="")  # JSON, see docs/how-to/send-files.md

# Whoever holds the token may read /metrics; without one the page does not exist and nothing is counted.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise refuse("METRICS_TOKEN (or METRICS_TOKEN_FILE) must hold at least 20 characters, or be empty for no metrics.")
if METRICS_TOKEN:  # each process counts in a file of its own, and whoever answers adds them up
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)
