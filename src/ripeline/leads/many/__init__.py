"""One thing done with many leads at once: foreseen, worked in pieces, taken back as a whole."""
