from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the constraint itself, whose lock would else be held for as long as all remarks are read."""

    dependencies = [("ripeline", "0083_remarks_on_new_deals")]

    operations = [ValidateConstraint("importremark", "import_remark_about")]
