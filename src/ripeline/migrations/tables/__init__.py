"""The tables as they are at 0077, slice by slice: what a new installation makes in one step.

Each module says the tables of a slice with all that was added to them since: columns in the order in which they came
(it is that of the installations that were there before), indexes, constraints.
"""

from ripeline.migrations.tables import (
    capture,
    capture_imports,
    catalog,
    insight,
    leads,
    leads_lists,
    outbox,
    people,
    ripeness,
    routing,
    simulation,
    timeline,
    worker,
    worklist,
)

# A table may point only to those above it.
ALL = [
    *people.TABLES,
    *catalog.TABLES,
    *timeline.TABLES,
    *outbox.TABLES,
    *leads.TABLES,
    *leads_lists.TABLES,
    *ripeness.TABLES,
    *routing.TABLES,
    *capture.TABLES,
    *capture_imports.TABLES,
    *worklist.TABLES,
    *insight.TABLES,
    *simulation.TABLES,
    *worker.TABLES,
]
