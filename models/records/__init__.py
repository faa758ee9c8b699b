"""What the finance system owns and the feed brings in: providers, clients, contracts, care packages, claims."""
