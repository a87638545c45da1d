"""File formats: one module each, strict in what it reads."""
