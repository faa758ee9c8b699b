"""What is measured. A module here has a line that says what, and a function measure(); `make bench` runs them all."""
