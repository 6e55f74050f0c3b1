"""The history of the tables, run from inside the package when a database is opened."""
