"""Django's half of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ripeline.config.settings")
application = get_wsgi_application()
