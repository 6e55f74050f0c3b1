"""The database: batches, documents, pages, readings and corrections, and their queries.

``session`` opens it, ``models`` holds the tables, and each table has one module of queries.
"""
