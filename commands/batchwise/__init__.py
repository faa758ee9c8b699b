"""What commands and the worker do batch by batch, each batch in a transaction of its own. Nothing here prints."""
