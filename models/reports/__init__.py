"""Words and tables for figures: how an amount was worked out, and overviews."""
