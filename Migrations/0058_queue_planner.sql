-- A queue at rest is vacuumed down to no page at all, and plans made then read the whole table for one row, because nothing is
-- cheaper than to read nothing; they are kept for a minute or so after thousands of jobs have come. Of a table that has pages, the
-- planner reads by an index whatever it believes to be in them. So these keep their pages, and begin with a hundred each.
ALTER TABLE queue.job        SET (vacuum_truncate = off, fillfactor = 10);
ALTER TABLE queue.lease      SET (vacuum_truncate = off, fillfactor = 10);
ALTER TABLE queue.dependency SET (vacuum_truncate = off, fillfactor = 10);

INSERT INTO queue.job (job_id, kind, payload, state)
OVERRIDING SYSTEM VALUE
SELECT -row, 'row', '{}', 'blocked' FROM generate_series(1, 800) AS row;
DELETE FROM queue.job WHERE job_id < 0;

INSERT INTO queue.lease (lease_epoch, queue, beat, worker_name, started_at, lease_until, job_ids, revisions)
SELECT -row, 'row', 0, 'row', now(), now(), ARRAY[0], ARRAY[0] FROM generate_series(1, 800) AS row;
DELETE FROM queue.lease WHERE lease_epoch < 0;

INSERT INTO queue.dependency (job_id, after_job_id, condition)
SELECT -row, -row - 1, 'ended' FROM generate_series(1, 1600) AS row;
DELETE FROM queue.dependency WHERE job_id < 0;

ALTER TABLE queue.job        RESET (fillfactor);
ALTER TABLE queue.lease      RESET (fillfactor);
ALTER TABLE queue.dependency RESET (fillfactor);
