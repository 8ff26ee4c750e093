"""Django's settings, all from the one reading of the environment in `config.environment`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from ripeline.config import bodies, environment, home
from ripeline.intake import script

ENV = environment.load()

SECRET_KEY = ENV.secret_key or home.secret_key(home.locate(ENV))
DEBUG = False
# Asked for by the first-run page when other machines can reach it, so that no stranger makes himself administrator.
SETUP_TOKEN = home.setup_token(home.locate(ENV)) if ENV.beyond_loopback else ""
BASE_URL = ENV.base_url
# How mail leaves (outbox.delivery); with neither a server nor a provider nothing is mailed.
SMTP_URL = ENV.smtp_url
BOUNCES_URL = ENV.bounces_url
MAIL_RETURN_PATH = ENV.mail_return_path
MAIL_ESP = ENV.mail_esp
MAIL_FROM = ENV.mail_from or "ripeline@localhost"
MAIL_REPLY_TO = ENV.mail_reply_to
# Where files that are imported by themselves may come from (capture/imports/schedules.py).
INBOX = ENV.inbox or home.locate(ENV) / "inbox"
PRIVATE_HOSTS = ENV.private_hosts
SCRIPT_VERSION = script.version()  # of the tracking script, for its tag
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [ENV.base_url] if ENV.base_url else []
ROOT_URLCONF = "ripeline.config.urls"
WSGI_APPLICATION = "ripeline.config.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "ripeline.apps.RipelineConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ripeline.web.frame.static_files.StaticMiddleware",
    "ripeline.web.frame.middleware.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ripeline.web.frame.middleware.PartMiddleware",
    "ripeline.web.frame.middleware.SignedOutMiddleware",
    "ripeline.web.frame.middleware.LocalTimeMiddleware",
    "ripeline.web.frame.middleware.StrangersMiddleware",
    "ripeline.web.frame.middleware.NoticeMiddleware",
    "ripeline.web.frame.middleware.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [environment.PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ripeline.web.frame.shell.context",
            ],
            "builtins": [
                "ripeline.web.templatetags.words",
                "ripeline.web.templatetags.filled",
                "lucide.templatetags.lucide",
            ],
            "libraries": {"words": "ripeline.web.templatetags.words"},
        },
    }
]


# A connection that a firewall has dropped without a word is known as ended after a minute and a half, and what is asked
# over it fails after half a minute, not only once TCP gives up.
# A socket of this machine ignores it.
_NOTICED: Mapping[str, Any] = {
    "keepalives": 1, "keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3,  # seconds
    "tcp_user_timeout": 30_000,  # milliseconds
}  # fmt: skip


def _database(url: str) -> dict[str, Any]:
    """Django's form of a libpq URL; a socket directory comes as the percent-encoded host."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    options: dict[str, Any] = {key: unquote(value) for key, value in query.items() if key not in ("host", "port")}
    options["prepare_threshold"] = 3  # of statements by `base.statements`; Django's own are never prepared
    for name, value in _NOTICED.items():
        options.setdefault(name, value)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "ripeline",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": query.get("port", str(parts.port or "")),
        "CONN_MAX_AGE": 3600,  # seconds: each thread keeps its own for so long (`base.connected`)
        "OPTIONS": options,
    }


DATABASES = {"default": _database(ENV.database_url or "postgresql:///ripeline")}

AUTH_USER_MODEL = "ripeline.User"
AUTHENTICATION_BACKENDS = ["ripeline.people.sessions.Backend"]
SESSION_ENGINE = "ripeline.people.sessions"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"
CSRF_FAILURE_VIEW = "ripeline.web.frame.errors.csrf_failure"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds; invitations and resets

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "ripeline_session"
CSRF_COOKIE_NAME = "ripeline_csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.is_https
SECURE_HSTS_SECONDS = 31_536_000 if ENV.is_https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if ENV.trusted_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False  # one language: what each page asks of translations takes its time
STATIC_URL = "/static/"
STATICFILES_DIRS = [environment.PACKAGE / "web" / "static"]
STORAGES = {"staticfiles": {"BACKEND": "ripeline.web.frame.static_files.Storage"}}
STATIC_ROOT = None  # nothing is collected: WhiteNoise serves the packages' own files
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60  # seconds: of what is asked for by its bare name, such as the script in others' pages
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
MOST_OF_STRANGERS = bodies.MOST_OF_STRANGERS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"


ANYMAIL: dict[str, Any] = {}
if ENV.mail_esp:  # what each provider calls its key
    _key = {"postmark": "SERVER_TOKEN", "mailersend": "API_TOKEN"}.get(ENV.mail_esp, "API_KEY")
    ANYMAIL[f"{ENV.mail_esp.upper()}_{_key}"] = ENV.mail_esp_key
    if ENV.mail_esp_url:
        ANYMAIL[f"{ENV.mail_esp.upper()}_API_URL"] = ENV.mail_esp_url

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {
        "no_links": {"()": "ripeline.config.logs.WithoutLinks"},
        "everyday": {"()": "ripeline.config.logs.Everyday"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_links"],
            "level": ENV.log_level,
        },
    },
    "loggers": {name: {"filters": ["everyday"]} for name in ("django.request", "django.security.DisallowedHost")},
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
}
