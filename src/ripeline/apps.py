"""The one Django app: slices are packages inside it, with one migration history."""

from django.apps import AppConfig


class RipelineConfig(AppConfig):
    name = "ripeline"
    label = "ripeline"
    verbose_name = "Ripeline"
    default_auto_field = "django.db.models.BigAutoField"
