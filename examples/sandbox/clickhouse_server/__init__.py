"""A throw-away ClickHouse for trying and testing: ClickHouse's HTTP protocol over chDB, the engine as a library.

The engine parses, checks, refuses, stores and reads. This package adds what a library lacks: an HTTP front,
a store of users, roles and grants (the engine reads them back as users.xml) and a log of the statements received.
It is a development tool: one statement at a time, one process, no cluster.
"""
