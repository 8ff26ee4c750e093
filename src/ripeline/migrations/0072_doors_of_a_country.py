from django.db import migrations


class Migration(migrations.Migration):
    """Doors whose language nobody could choose yet, and that ask nothing, speak that of the company's country."""

    dependencies = [
        ("ripeline", "0071_tried_hosts"),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE door SET language = 'de'
            WHERE kind IN ('api', 'hook', 'card', 'signature', 'call')
              AND EXISTS (SELECT FROM company WHERE country IN ('DE', 'AT', 'CH', 'LI'))
            """,
            migrations.RunSQL.noop,
        ),
    ]
