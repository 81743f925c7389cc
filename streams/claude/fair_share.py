"""One worker's share of one bucket of the organisation, found by watching how full it is.

Workers do not talk to each other: all of them see the same level, counted here in seconds of the
bucket's own flow, and all aim at the same one. Each sends

    limit * share * exp(gain * error),    error = (level - aim) / aim

The share is the worker's own. It moves slowly: up while the level is above the aim, down while it
is below (a PI controller, then, in the logarithm of the rate). A slow pull towards 1, the same for
every worker, makes shares equal: n of them rest at 1/n each, with the level a little below the aim.

What a call does to the bucket is seen a ``delay`` later. The gains follow from it: as fast as such
a loop can be without swinging (SIMC's rules for an integrating process with dead time).
"""

from math import exp, inf, log

from streams.claude.rate_headers import Bucket

AIM = 4.0
"""Seconds of flow to keep in the bucket; half of what it can hold if that is less."""
FIRST_SHARE = 0.1
LEAST_SHARE, MOST_SHARE = 0.005, 1.0
MOST_PUSH = 1.1
"""How much more than its share a worker sends while the bucket is too full."""
GAIN = 0.7
"""Of the aim, for a delay as long as that."""
MOST_GAIN = 1.5
INTEGRAL = 0.4
"""Speed of the share, relative to that of the gain."""
EVEN = 0.15
"""The pull towards equal shares, relative to the error's."""
SMOOTH = 0.3
"""Seconds over which levels are averaged: answers do not come in the order of the calls."""
FALLEN = 0.8
"""Of the fullest, the level that ends the slow start."""
FULL = 0.9
"""Of what the bucket can hold: above it, nothing that we do is seen, and it begins again."""
QUIET = 15.0
"""Seconds after a lower limit without growth: the bucket is fuller only by the new measure."""
MOST_TOTAL = 2.0
"""Of the limit, what everybody together uses at most when a slow start ends, we suppose."""
CUT = 0.7
"""What a 429 leaves of the share, once in a delay."""


class FairShare:
    """``rate``: units a second that this worker may use now; inf: nothing is known of a limit."""

    def __init__(self) -> None:
        self.rate = inf
        self.share = FIRST_SHARE
        """Of the organisation's limit, what this worker takes in the long run."""
        self._limit = inf  # units a second
        self._level = 0.0  # this and the next two: seconds of flow
        self._holds = inf
        self._most_seen = 0.0
        self._heard_at = 0.0
        self._told_at = 0.0
        self._cut_at = -inf
        self._push = self._most_push = MOST_PUSH
        self._quiet_until = -inf
        self._start: _SlowStart | None = None

    @property
    def level(self) -> float:
        """Seconds of flow in the bucket; inf: nothing is known."""
        return self._level if self._limit < inf else inf

    def hear(self, now: float, bucket: Bucket, delay: float, *, wanted: bool) -> float:
        """An answer told of the bucket; ``wanted``: we would use more than our rate.

        Returns how many units too many are under way: the limit has just fallen.
        """
        limit, overdrawn = self._believed(now, bucket.limit / 60, delay), 0.0
        level = bucket.remaining / limit
        if self._limit == inf:
            self._level, step = level, 0.0
            self._start = _SlowStart(self.share, level, now)
        else:
            step = max(0.0, min(now - self._heard_at, delay))
            self._level += (level - self._level) * step / (step + SMOOTH)
        self._heard_at = now
        self._see_size(limit, level, bucket.full_in)
        aim = min(AIM, self._holds / 2) or AIM
        if limit != self._limit < inf:
            self._level, self._start = level, None
        if limit < self._limit < inf:
            self._most_push, self._quiet_until = min(self._push, 1.0), now + QUIET
            # Calls of the last `delay` were begun at the old rate. What stands above the aim may
            # go; the rest we wait for.
            excess = delay * (self._limit / limit - 1)
            overdrawn = max(0.0, min(aim - level + excess, excess)) * limit * self.share
        self._limit = limit
        self._move(now, step, aim, delay, wanted=wanted)
        return overdrawn

    def refused(self, now: float, delay: float) -> None:
        """A 429, most likely of this bucket."""
        if self._limit < inf and now - self._cut_at >= delay:
            self._cut_at, self._level, self._start = now, 0.0, None
            self.share = max(LEAST_SHARE, self.share * CUT)
            self.rate = self._limit * self.share

    def _believed(self, now: float, limit: float, delay: float) -> float:
        """The limit: a lower one at once, a higher one when no answer has told this one lately.

        Answers do not come in the order of the calls.
        """
        if self._limit == inf or limit <= self._limit:
            self._told_at = now
            return limit
        return limit if now - self._told_at > delay else self._limit

    def _see_size(self, limit: float, level: float, full_in: float | None) -> None:
        """How much the bucket can hold; the API tells when it will be full, but not exactly."""
        if limit != self._limit:
            self._holds, self._most_seen = inf, 0.0
        if full_in is not None:
            self._holds = min(self._holds, level + full_in)
        else:
            self._holds = self._most_seen = max(self._most_seen, level)

    def _move(self, now: float, step: float, aim: float, delay: float, *, wanted: bool) -> None:
        error = min(self._level / aim - 1, 1.0)
        if now >= self._quiet_until:
            self._most_push = MOST_PUSH
        else:
            wanted, error = False, min(error, 0.0)
        if self._start is None and wanted and self._level >= FULL * self._holds:
            self._start = _SlowStart(self.share, self._level, now)
        gain = min(MOST_GAIN, GAIN * aim / delay)
        if self._start is not None:
            level = self._level
            self.share = self._start.next(now, step, self.share, level, delay, wanted=wanted)
            if self._start.over or error < 0.5:
                self._start = None
        elif wanted or error < 0:
            speed = INTEGRAL * gain**2 / aim
            self.share *= exp(speed * step * (error - EVEN * log(self.share)))
        self.share = max(LEAST_SHARE, min(self.share, MOST_SHARE))
        self._push = min(exp(gain * error), self._most_push)
        self.rate = self._limit * self.share * self._push


class _SlowStart:
    """The share doubles with each delay until the bucket is seen to fall."""

    def __init__(self, share: float, level: float, now: float) -> None:
        self.over = False
        self._grew = False
        self._full, self._full_at = level, now
        self._seen = self._seen_full = share  # the share that made the level that is seen

    def next(
        self, now: float, step: float, share: float, level: float, delay: float, *, wanted: bool
    ) -> float:
        """The share from now on."""
        self._seen += (share - self._seen) * step / (step + delay)
        if level >= 0.98 * self._full:
            self._full, self._full_at = max(self._full, level), now
            self._seen_full = self._seen
        elif level < FALLEN * self._full and now > self._full_at:
            # Since then the whole organisation used `total` of the limit; scaled like this, by
            # everybody, it is 1.
            self.over = True
            total = min(1 + (self._full - level) / (now - self._full_at), MOST_TOTAL)
            return min(share, (self._seen_full + self._seen) / 2 / total) if self._grew else share
        self._grew = self._grew or wanted
        return share * 2 ** (step / max(delay, 1.0)) if wanted else share
