"""Dates and contacts as a customer would deliver them."""

import numpy as np
import pandas as pd


def dates(start, days):
    """Dates of days since a start."""
    return pd.Series(start + pd.to_timedelta(np.asarray(days), "D"))


def stamp(start, seconds=0):
    """Times in UTC a while after starts, to a tenth of a second."""
    later = np.round(10 * np.asarray(seconds, float)).astype("int64") * np.timedelta64(100, "ms")
    return np.char.add(np.datetime_as_string(np.asarray(start, "datetime64[ms]") + later, unit="ms"), "+00")


def event_rows(contact, start, steps):
    """contact_event of contacts that began at start: steps are (step, kind, since, until, which contacts have it)."""
    parts = []
    for step, kind, since, until, which in steps:
        which = np.asarray(which)
        parts.append(pd.DataFrame({
            "contact_id": contact.contact_id[which], "step": step, "started_at": stamp(start[which], since[which]),
            "ended_at": stamp(start[which], until[which]), "agent_id": contact.agent_id[which], "kind": kind}))
    return pd.concat(parts, ignore_index=True)
