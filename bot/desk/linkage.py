"""Average-linkage clustering: what is alike on the whole comes together.

By the nearest-neighbour chain (Murtagh 1983), which takes time and room in the square of the
number.
"""

import numpy as np
import numpy.typing as npt

from retrieval.types import Vectors


def clusters(likeness: Vectors, least: float) -> list[list[int]]:
    """Which of n things belong together, from an n x n matrix that is symmetric and is used up.

    Two clusters become one while the mean likeness of their members is `least` or more. Clusters,
    and the numbers in each, are in ascending order.
    """
    many = len(likeness)
    np.fill_diagonal(likeness, -np.inf)
    members = [[number] for number in range(many)]
    open_ones = np.ones(many, dtype=bool)
    finished: list[list[int]] = []
    chain: list[int] = []
    while open_ones.any():
        if not chain:
            chain.append(int(np.argmax(open_ones)))
        last = chain[-1]
        nearest = int(np.argmax(likeness[last]))
        if len(chain) > 1 and likeness[last, chain[-2]] >= likeness[last, nearest]:
            nearest = chain[-2]
        if likeness[last, nearest] < least:
            # nothing that others become comes nearer to it than they are
            finished.append(sorted(members[last]))
            _leave(likeness, open_ones, last)
            chain.pop()
        elif len(chain) > 1 and nearest == chain[-2]:
            _join(likeness, members, nearest, last)
            _leave(likeness, open_ones, last)
            del chain[-2:]
        else:
            chain.append(nearest)
    return sorted(finished)


def _join(likeness: Vectors, members: list[list[int]], one: int, other: int) -> None:
    sizes = len(members[one]), len(members[other])
    mean = (sizes[0] * likeness[one] + sizes[1] * likeness[other]) / sum(sizes)
    likeness[one] = mean
    likeness[:, one] = mean
    likeness[one, one] = -np.inf
    members[one] += members[other]


def _leave(likeness: Vectors, open_ones: npt.NDArray[np.bool_], number: int) -> None:
    open_ones[number] = False
    likeness[number] = -np.inf
    likeness[:, number] = -np.inf
