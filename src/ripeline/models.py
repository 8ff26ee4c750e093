"""Every slice's tables, in one place for Django's one app; a new model is added here."""

from ripeline.capture.models import (
    Door,
    DoorDay,
    Export,
    ExportPiece,
    ImportCheck,
    ImportCompany,
    ImportedFirm,
    ImportKept,
    ImportMapping,
    ImportPiece,
    ImportReject,
    ImportRemark,
    ImportRun,
    ImportSchedule,
    ImportTrial,
    ImportUndo,
    ImportWord,
    Submission,
    TriedSite,
)  # fmt: skip
from ripeline.catalog.models import (
    Asset,
    AssetContent,
    Campaign,
    CloseReason,
    CountedLink,
    CustomField,
    PageRule,
    Question,
    Site,
    Source,
    Tracking,
    TriedHost,
)
from ripeline.insight.models import Recovered, Recovery
from ripeline.leads.models import (
    Account,
    AccountBlock,
    AccountMerge,
    Batch,
    BatchItem,
    Block,
    DealId,
    DefaultView,
    Enquiry,
    Identity,
    Lead,
    Opportunity,
    PossibleDuplicate,
    RecordView,
    SameCompany,
    SavedView,
)
from ripeline.outbox.models import Consent, ConsentEvent, MailServer, Message, Purpose, Suppression, Wording
from ripeline.people.models import Absence, ApiKey, AuditEntry, Company, Responsible, Team, User
from ripeline.ripeness.models import (
    Claim,
    Dispute,
    KeptWord,
    ModelRun,
    Perceived,
    Score,
    SignalTrust,
    StageSaid,
    Term,
)
from ripeline.routing.models import Price, Turn, TypicalAmount
from ripeline.simulation.models import SimulationRun
from ripeline.timeline.models import Activity, Engagement, Hit, Reaction, Visitor
from ripeline.worker.models import Beat
from ripeline.worklist.models import Belief, Plan, PlanItem

__all__ = [
    "Absence", "Account", "AccountBlock", "AccountMerge", "Activity", "ApiKey", "Asset", "AssetContent", "AuditEntry",
    "Batch", "BatchItem", "Beat", "Belief", "Block", "Campaign", "Claim", "CloseReason", "Company", "Consent",
    "ConsentEvent", "CountedLink", "CustomField", "DealId", "DefaultView", "Dispute", "Door", "DoorDay", "Engagement",
    "Enquiry", "Export", "ExportPiece", "Hit", "Identity", "ImportCheck", "ImportCompany", "ImportKept",
    "ImportMapping", "ImportPiece", "ImportReject", "ImportRemark", "ImportRun", "ImportSchedule", "ImportTrial",
    "ImportUndo", "ImportWord", "ImportedFirm", "KeptWord", "Lead", "MailServer", "Message", "ModelRun", "Opportunity",
    "PageRule", "Perceived", "Plan", "PlanItem", "PossibleDuplicate", "Price", "Purpose", "Question", "Reaction",
    "RecordView", "Recovered", "Recovery", "Responsible", "SameCompany", "SavedView", "Score", "SignalTrust",
    "SimulationRun", "Site", "Source", "StageSaid", "Submission", "Suppression", "Team", "Term", "Tracking",
    "TriedHost", "TriedSite", "Turn", "TypicalAmount", "User", "Visitor", "Wording",
]  # fmt: skip
