"""Settings of the test run: the product's own, with a key that all its processes share and a cheap password hash."""

from ripeline.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "a key for tests, the same in every process of a run"
