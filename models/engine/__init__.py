"""The arithmetic of payments: pure functions over plain facts. Imports no table and no session; a test holds it."""
