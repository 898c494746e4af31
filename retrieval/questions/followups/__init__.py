"""Questions that only the turns before them explain: 那吉林石化呢? 他是谁? 什么时候?

They are made self-contained by rules: the subject, a name or one element of the question before is
carried over. A question that is complete already is left as it is.
"""

from retrieval.questions.followups.carrying import carried_over, refers_back

__all__ = ["carried_over", "refers_back"]
