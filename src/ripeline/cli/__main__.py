"""``python -m ripeline.cli``: how `ripeline up` starts its own children, whatever is on PATH."""

from ripeline.cli.main import main

if __name__ == "__main__":
    main()
