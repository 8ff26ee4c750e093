"""The one Django app: slices are packages inside it, with one migration history."""

from django.apps import AppConfig

from ripeline.base import connected


class RipelineConfig(AppConfig):
    name = "ripeline"
    label = "ripeline"
    verbose_name = "Ripeline"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connected.begin()
