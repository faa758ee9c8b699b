"""Reading the audit: its chain of hashes, searching it, its words. `models.audit` writes it."""
