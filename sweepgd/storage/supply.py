"""The trials that a command claims, ahead of need, so that its workers wait for no answer."""

from collections import deque
from concurrent.futures import Future
from time import monotonic
from typing import NamedTuple

from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import Claim, Claims
from sweepgd.storage.link import Link, answer
from sweepgd.storage.memory import Memory
from sweepgd.storage.writer import Attempt

POLL_SECONDS = 0.5  # between two questions whether there is something to claim now, or all is done
# So many trials are claimed at once that they last for about a second.
BATCH_SECONDS, FIRST_BATCH, LARGEST_BATCH = 1.0, 4, 512


class Answer(NamedTuple):
    """Claims, and where there were none, how many trials each other command holds."""

    claims: list[Claim]
    others: dict[str, int]


class Supply:
    """Claims of one command that no worker has yet."""

    def __init__(self, claims: Claims, memory: Memory, advisor: SharedAdvisor, link: Link) -> None:
        self._claims, self._memory, self._advisor, self._link = claims, memory, advisor, link
        self._ready: deque[Claim] = deque()
        self._batch = FIRST_BATCH
        self._answer: Future[Answer] | None = None
        self._asked_at = 0.0
        self.others: dict[str, int] | None = None
        """The trials that other commands hold where the last question found none to claim, else None."""
        self._in_doubt = False
        self._known: set[Attempt] = set()

    def next(self) -> Claim | None:
        """A trial to run now, if there is one; asks for more, without waiting for the answer."""
        if self._answer is not None and self._answer.done():
            claims, others = answer(self._answer)
            self._answer = None
            if claims and not self._ready:
                self._batch = min(2 * self._batch, LARGEST_BATCH)
            elif monotonic() - self._asked_at > BATCH_SECONDS:
                self._batch = max(1, self._batch // 2)
            self._ready.extend(claims)
            self.others = None if claims else others
        pause = 0.0 if self.others is None else POLL_SECONDS
        if self._answer is None and 2 * len(self._ready) <= self._batch and monotonic() - self._asked_at >= pause:
            count = 1 if self._advisor.one_by_one else self._batch
            self._answer = self._link.submit(lambda: self._take(count))
            self._asked_at = monotonic()
        return self._ready.popleft() if self._ready else None

    def _take(self, count: int) -> Answer:
        """Claims trials, in the link's thread, perhaps again: what was claimed when the last answer was lost comes first."""
        claims = [claim for claim in self._claims.renew() if claim[:2] not in self._known] if self._in_doubt else []
        self._in_doubt = True
        claims += self._claims.take(count)
        claims = [self._with_point(claim) for claim in claims]
        others = {} if claims else self._claims.holders()
        self._known.update(claim[:2] for claim in claims)
        self._in_doubt = False
        return Answer(claims, others)

    def _with_point(self, claim: Claim) -> Claim:
        """A claim whose point is known, which is that of the first attempt."""
        if not self._advisor.asks(claim.trial):
            return claim
        asked = claim.asked
        trial = None if asked is None else self._memory.asked(asked)
        if asked is None or trial is None:
            asked, trial = self._memory.ask(claim.trial)
            self._claims.advised(claim.trial, asked)
        self._advisor.asked(claim.trial, asked, trial)
        return claim
