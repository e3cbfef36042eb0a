"""What mail comes to over time, for a whole workspace: growth, engagement, hours, campaigns; and a digest.

Nouns: a snapshot of the audience (``models``), which is counted in the background since
no page may count everybody; and who wants the weekly digest. What became of one campaign
is told by ``campaigns``; what needs somebody today by ``dashboard``.
"""
