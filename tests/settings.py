"""Settings of the test run: the product's own, with a key that all its processes share and a cheap password hash."""

import os

# As the ripeline command does: two workers share the cores, and threads within a small product of matrices only wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


from ripeline.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "a key for tests, the same in every process of a run"
