"""One change to many subscribers: chosen, confirmed, done by a worker a few hundred at a time, undone.

Nobody loads a million people: whom it is about stays a question (ticked rows, a search, a
list, a segment), which is asked again for each chunk, behind the last person of the one before.
"""
