"""Companies that may be one, merged into each other and taken apart. The column is empty at first, so nothing is rewritten."""

import django.contrib.postgres.fields
import django.db.models.deletion
import ripeline.base.clock
import ripeline.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    # In a new installation ("ripeline", "0001_squashed_0077_remarks_seen") stands for it.
    dependencies = [
        ('ripeline', '0077_remarks_seen'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountBlock',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account_id', models.UUIDField()),
                ('key', models.BigIntegerField()),
            ],
            options={
                'db_table': 'account_block',
            },
        ),
        migrations.CreateModel(
            name='AccountMerge',
            fields=[
                ('id', models.UUIDField(default=ripeline.base.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=80, unique=True)),
                ('merged_at', models.DateTimeField(default=ripeline.base.clock.now)),
                ('was', models.JSONField(default=dict)),
                ('became', models.JSONField(default=dict)),
                ('led_there', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('moved', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('undone_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'account_merge',
            },
        ),
        migrations.CreateModel(
            name='SameCompany',
            fields=[
                ('id', models.UUIDField(default=ripeline.base.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('points', models.PositiveSmallIntegerField()),
                ('evidence', models.JSONField(default=list)),
                ('found_at', models.DateTimeField(default=ripeline.base.clock.now)),
                ('dismissed_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'same_company',
            },
        ),
        migrations.AddField(
            model_name='account',
            name='merged_into',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='ripeline.account'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='account_merged'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('pk')), _negated=True), _connector='OR'), name='account_merged_elsewhere'),
        ),
        migrations.AddIndex(
            model_name='accountblock',
            index=models.Index(fields=['key', 'account_id'], name='account_block_shared'),
        ),
        migrations.AddField(
            model_name='accountmerge',
            name='duplicate',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ripeline.account'),
        ),
        migrations.AddField(
            model_name='accountmerge',
            name='merged_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='accountmerge',
            name='survivor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ripeline.account'),
        ),
        migrations.AddField(
            model_name='samecompany',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ripeline.account'),
        ),
        migrations.AddField(
            model_name='samecompany',
            name='dismissed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='samecompany',
            name='other',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ripeline.account'),
        ),
        migrations.AddIndex(
            model_name='accountmerge',
            index=models.Index(condition=models.Q(('undone_at__isnull', True)), fields=['-merged_at', 'id'], name='account_merge_last'),
        ),
        migrations.AddIndex(
            model_name='samecompany',
            index=models.Index(fields=['other'], name='same_company_other'),
        ),
        migrations.AddIndex(
            model_name='samecompany',
            index=models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['-points', 'id'], name='same_company_open'),
        ),
        migrations.AddConstraint(
            model_name='samecompany',
            constraint=models.UniqueConstraint(fields=('account', 'other'), name='same_company_once'),
        ),
        migrations.AddConstraint(
            model_name='samecompany',
            constraint=models.CheckConstraint(condition=models.Q(('account__lt', models.F('other'))), name='same_company_ordered'),
        ),
        migrations.AddConstraint(
            model_name='samecompany',
            constraint=models.CheckConstraint(condition=models.Q(('dismissed_at__isnull', True), ('dismissed_by__isnull', False), _connector='OR'), name='same_company_dismissed_by'),
        ),
    ]
