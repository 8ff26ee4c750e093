"""What is kept of doors, of what came through them, of imports and of exports."""

from ripeline.capture.models.doors import Door, DoorDay, DoorKind, KnownVisitors, Submission, SubmissionState, TriedSite
from ripeline.capture.models.exports import Export, ExportPiece, ExportState, FileFormat
from ripeline.capture.models.imports import (
    ImportCompany,
    ImportedFirm,
    ImportKept,
    ImportKind,
    ImportMapping,
    ImportPiece,
    ImportPolicy,
    ImportReject,
    ImportRemark,
    ImportRun,
    ImportState,
    ImportTrial,
    ImportUndo,
    ImportWord,
    Remark,
    TrialState,
    WhyKept,
)
from ripeline.capture.models.schedules import CheckResult, ImportCheck, ImportSchedule, Rhythm

__all__ = [
    "CheckResult", "Door", "DoorDay", "DoorKind", "Export", "ExportPiece", "ExportState", "FileFormat", "ImportCheck",
    "ImportCompany", "ImportKept", "ImportKind", "ImportMapping", "ImportPiece", "ImportPolicy", "ImportReject",
    "ImportRemark", "ImportRun", "ImportSchedule", "ImportState", "ImportTrial", "ImportUndo", "ImportWord",
    "ImportedFirm", "KnownVisitors", "Remark", "Rhythm", "Submission", "SubmissionState", "TrialState", "TriedSite",
    "WhyKept",
]  # fmt: skip
