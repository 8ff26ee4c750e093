"""The lead and what belongs to it: its company, deals, doubles, views and batches."""

from ripeline.leads.models.batches import Batch, BatchItem, BatchState, BatchVerb
from ripeline.leads.models.coming import Enquiry, Identity, IdentityKind
from ripeline.leads.models.companies import CALLED, Account
from ripeline.leads.models.deals import DealId, Opportunity, OpportunityState
from ripeline.leads.models.doubles import (
    AccountBlock,
    AccountMerge,
    Block,
    Double,
    PossibleDuplicate,
    SameCompany,
    Shared,
)
from ripeline.leads.models.leads import (
    CLOSED_STATES,
    FARTHEST_NEXT,
    IS_HERE,
    IS_OPEN,
    OPEN_STATES,
    Lead,
    NextKind,
    State,
)
from ripeline.leads.models.views import Audience, DefaultView, RecordView, SavedView

__all__ = [
    "CALLED", "CLOSED_STATES", "FARTHEST_NEXT", "IS_HERE", "IS_OPEN", "OPEN_STATES", "Account", "AccountBlock",
    "AccountMerge", "Audience", "Batch", "BatchItem", "BatchState", "BatchVerb", "Block", "DealId", "DefaultView",
    "Double", "Enquiry", "Identity", "IdentityKind", "Lead", "NextKind", "Opportunity", "OpportunityState",
    "PossibleDuplicate", "RecordView", "SameCompany", "SavedView", "Shared", "State",
]  # fmt: skip
