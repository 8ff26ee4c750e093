"""Clock, ids, fields: no domain words."""
