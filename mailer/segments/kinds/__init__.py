"""What can be asked of a subscriber: a module for each kind of condition, which knows it in SQL and in words.

Each has a ``clause``, an expression on ``Subscriber`` with every value bound, and ``words``,
which go on after “people who”. What asks about other tables is an EXISTS or an IN that stands
on its own, which both databases turn into a join of the two sets; none is asked row by row.
"""
