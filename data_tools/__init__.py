"""Data in: weights made from the packages that carry them. Run by hand; what it makes is committed."""
