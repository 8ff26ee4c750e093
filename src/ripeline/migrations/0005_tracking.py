import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import ripeline.base.clock
from django.db import migrations, models

# Django cannot say PARTITION BY. Months are made by timeline.partitions; what fits none of them lies in the default one.
_HIT = """
CREATE TABLE hit (
    visitor_id uuid NOT NULL, event_id uuid NOT NULL, site_id smallint NOT NULL,
    kind text NOT NULL, page_kind text NOT NULL, who text NOT NULL, has_consent boolean NOT NULL,
    occurred_at timestamptz NOT NULL, received_at timestamptz NOT NULL, lead_id uuid,
    host text NOT NULL, path text NOT NULL, network text NOT NULL, agent text NOT NULL, marks text NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (visitor_id, event_id),
    CONSTRAINT hit_kind CHECK (kind IN ('view', 'download', 'event', 'click', 'open')),
    CONSTRAINT hit_who CHECK (who IN ('human', 'bot', 'scanner', 'staff'))
) PARTITION BY RANGE (event_id);
CREATE TABLE hit_other PARTITION OF hit DEFAULT;
CREATE INDEX hit_received ON hit USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0004_kept_views'),
    ]

    operations = [
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.SmallAutoField(primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=190, unique=True)),
                ('key', models.CharField(max_length=24, unique=True)),
                ('created_at', models.DateTimeField(default=ripeline.base.clock.now)),
            ],
            options={
                'db_table': 'site',
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_HIT, "DROP TABLE hit")],
            state_operations=[
                migrations.CreateModel(
                    name='Hit',
                    fields=[
                        ('pk', models.CompositePrimaryKey('visitor_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('visitor_id', models.UUIDField()),
                        ('event_id', models.UUIDField()),
                        ('site_id', models.SmallIntegerField()),
                        ('kind', models.TextField()),
                        ('page_kind', models.TextField()),
                        ('who', models.TextField()),
                        ('has_consent', models.BooleanField()),
                        ('occurred_at', models.DateTimeField()),
                        ('received_at', models.DateTimeField()),
                        ('lead_id', models.UUIDField(null=True)),
                        ('host', models.TextField()),
                        ('path', models.TextField()),
                        ('network', models.TextField()),
                        ('agent', models.TextField()),
                        ('marks', models.TextField()),
                        ('data', models.JSONField(default=dict)),
                    ],
                    options={
                        'db_table': 'hit',
                        'indexes': [django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['received_at'], name='hit_received', pages_per_range=16)],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('kind__in', ['view', 'download', 'event', 'click', 'open'])), name='hit_kind'),
                            models.CheckConstraint(condition=models.Q(('who__in', ['human', 'bot', 'scanner', 'staff'])), name='hit_who'),
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='PageRule',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('pattern', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('pricing', 'Prices'), ('contact', 'Contact or demo'), ('product', 'Product'), ('proof', "Customers' stories"), ('blog', 'Blog and guides'), ('support', 'Help and documentation'), ('careers', 'Careers'), ('legal', 'Legal'), ('home', 'Home page'), ('other', 'Other')], max_length=10)),
            ],
            options={
                'db_table': 'page_rule',
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['pricing', 'contact', 'product', 'proof', 'blog', 'support', 'careers', 'legal', 'home', 'other'])), name='page_rule_kind')],
            },
        ),
        migrations.CreateModel(
            name='Tracking',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('own_networks', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('months_kept', models.PositiveSmallIntegerField(default=13)),
                ('version', models.PositiveIntegerField(default=1)),
                ('applied', models.PositiveIntegerField(default=1)),
            ],
            options={
                'db_table': 'tracking',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='tracking_is_one'), models.CheckConstraint(condition=models.Q(('months_kept__range', (1, 60))), name='tracking_months_kept')],
            },
        ),
        migrations.CreateModel(
            name='Visitor',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('visitor_id', models.UUIDField()),
                ('lead_id', models.UUIDField()),
                ('since', models.DateTimeField()),
                ('is_strong', models.BooleanField()),
                ('how', models.CharField(max_length=20)),
                ('linked_at', models.DateTimeField(default=ripeline.base.clock.now)),
            ],
            options={
                'db_table': 'visitor',
                'indexes': [models.Index(fields=['lead_id'], name='visitor_of_lead'), models.Index(fields=['linked_at'], name='visitor_linked')],
                'constraints': [models.UniqueConstraint(fields=('visitor_id', 'lead_id', 'since', 'is_strong'), name='visitor_link_once')],
            },
        ),
    ]
