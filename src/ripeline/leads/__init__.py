"""The lead's record: person, account, enquiry, opportunity, identity, state, next step, and who may do what."""
