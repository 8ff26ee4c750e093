"""From the bytes of a file to rows of cells, in bounded memory; and back."""
