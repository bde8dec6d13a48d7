-- How far a lane has come was a row that was updated ten times a second: while somebody held an old snapshot, a chain of dead
-- ones through which everybody went who enqueued. Now each word is a row that takes the place of the one before, and the last is
-- found from the end of the index, behind which nothing is dead.
ALTER TABLE queue.lane
    ADD COLUMN told bigint NOT NULL DEFAULT nextval('queue.lease_epoch'),
    DROP CONSTRAINT lane_pkey,
    ADD PRIMARY KEY (queue, priority, told);

-- See 0058: an index is what it is read by. Of the few lanes that there are the planner would believe that each takes up its share of
-- a large index; so there are some more, which nobody reads.
ALTER TABLE queue.lane SET (vacuum_truncate = off, fillfactor = 10);
INSERT INTO queue.lane (queue, priority, told, served_at, dry)
SELECT 'row', 0, -row, '-infinity', true FROM generate_series(1, 1600) AS row;
ALTER TABLE queue.lane RESET (fillfactor);
