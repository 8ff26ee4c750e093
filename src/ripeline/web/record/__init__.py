"""The record of a lead, and the parts of it that other screens show, too."""
