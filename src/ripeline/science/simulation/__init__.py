"""Day by day through a market: what several ways of following up bring, with the same leads, minutes and luck."""
