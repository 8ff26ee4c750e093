"""Whom one of us has met: at a booth, by their card or signature, on the telephone."""
