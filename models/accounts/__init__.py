"""Who may come in: people, their places at providers, logging in, second steps, sessions."""
