-- Whoever notifies of a queue inserts here first, so that of all processes only one does in each hundredth of a second: commits
-- that notify come one after the other in all of the server. A row that is updated would be a chain of dead ones while
-- somebody holds an old snapshot. Not logged, because a crash loses the notifications too.
CREATE UNLOGGED TABLE queue.wake (
    queue   text        NOT NULL,
    rung_at timestamptz NOT NULL DEFAULT date_bin('10 milliseconds', clock_timestamp(), 'epoch'),

    -- In the order in which they are forgotten.
    PRIMARY KEY (rung_at, queue)
);

COMMENT ON TABLE queue.wake IS 'Moments in which workers were notified of new jobs in a queue; forgotten after a minute or so';
