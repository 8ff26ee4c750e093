"""What the worker did when."""

from django.db import models

from ripeline.migrations.tables.making import table

TABLES = [
    table(
        "Beat",
        "beat",
        {
            "name": models.CharField(primary_key=True, max_length=40, serialize=False),
            "began_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "error": models.TextField(blank=True, default=""),
        },
    ),
]
