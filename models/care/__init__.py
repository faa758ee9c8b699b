"""What was delivered: weeks of actuals, the rules that judge them, and what the council says of them."""
