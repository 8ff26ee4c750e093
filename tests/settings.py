"""Settings of the test run: the product's own, with a cheap password hash and no connection pool to close."""

from ripeline.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
