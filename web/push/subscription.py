"""What one browser has been sent of a channel or feed, what it has acknowledged, and what is due.

A browser that does not acknowledge is sent two messages and no more: what it has no time for does
not pile up in sockets, where it would all arrive late. Of a channel it is sent the newest, whole,
once it has room; of a feed everything, in larger messages.
"""

from __future__ import annotations

import asyncio
from collections import deque

from web.push.channel import Channel, Payload
from web.push.feed import BATCH, Feed

UNACKNOWLEDGED = 2
"""Messages that may be on their way to a browser."""


class _Room:
    """Counts what is on its way."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()

    @property
    def is_left(self) -> bool:
        return len(self._waiting) < UNACKNOWLEDGED

    def took(self, seq: int) -> None:
        self._waiting.append(seq)

    def acknowledged(self, seq: int) -> None:
        while self._waiting and self._waiting[0] <= seq:
            self._waiting.popleft()


class ChannelSubscription:
    """Of a channel.

    Parameters
    ----------
    since : int, optional
        The last message that the browser has, of this epoch.
    """

    def __init__(self, channel: Channel, since: int | None) -> None:
        self.channel = channel
        self._room = _Room()
        self._is_whole_due = since is None or not channel.has_after(since)
        self._sent = channel.newest if self._is_whole_due else since or 0
        self._resumed_to = channel.newest

    async def next(self) -> Payload | None:
        """Return the message that is due, None while there is none, or no room for it."""
        channel = self.channel
        if not self._is_whole_due and self._sent == channel.newest:
            return None
        if self._sent < self._resumed_to and channel.has_after(self._sent):
            self._sent += 1  # what was missed is sent at once: it was asked for
            if self._sent == self._resumed_to:
                self._room.took(self._sent)
            return channel.change(self._sent)
        if not self._room.is_left:
            self._is_whole_due = True
            return None
        if self._is_whole_due or not channel.has_after(self._sent):
            self._is_whole_due = False
            self._sent = self._resumed_to = channel.newest
            self._room.took(self._sent)
            return channel.whole()
        self._sent += 1
        self._room.took(self._sent)
        return channel.change(self._sent)

    def acknowledged(self, seq: int) -> None:
        """Learn that the browser has a message, and those before it."""
        self._room.acknowledged(seq)


class FeedSubscription:
    """Of a feed; what a browser asks for is never left out.

    Parameters
    ----------
    since : int, optional
        The number of the last item that the browser has; without it, the last few are sent.
    """

    def __init__(self, feed: Feed, since: int | None) -> None:
        self.feed = feed
        self._room = _Room()
        can_resume = since is not None and since <= feed.newest
        can_resume = can_resume and (feed.older is not None or (since or 0) >= feed.oldest)
        self._is_first = not can_resume
        self._sent = since if can_resume and since is not None else -1

    async def next(self) -> Payload | None:
        """Return the message that is due, None while there is none, or no room for it."""
        feed = self.feed
        if not self._room.is_left or (not self._is_first and self._sent >= feed.newest):
            return None
        if self._is_first and self._sent < 0:
            self._sent = feed.beginning
        items = feed.after(self._sent)
        if self._sent < feed.oldest and feed.older is not None:
            items = [*await asyncio.to_thread(feed.older, self._sent, BATCH)]
        told = feed.told(items, full=self._is_first)
        self._is_first = False
        if items:
            self._sent = items[-1][0]
        self._room.took(self._sent)
        return told

    def acknowledged(self, seq: int) -> None:
        """Learn that the browser has an item, and those before it."""
        self._room.acknowledged(seq)


type Subscription = ChannelSubscription | FeedSubscription
