-- What each view answers, for people who look with psql (\dv+ queue.*) and do not have these files.
COMMENT ON VIEW queue.depth_now IS
    'Each queue: how many of its jobs are in which state, whether it rests, how long its oldest runnable job has waited.';
COMMENT ON VIEW queue.kind_now IS 'The same for each kind of job of a queue.';
COMMENT ON VIEW queue.name_now IS 'The queues that have unfinished jobs.';
COMMENT ON VIEW queue.running_now IS
    'What runs: where, since when, how far, and how soon it is taken away if its worker is gone.';
COMMENT ON VIEW queue.waiting_now IS 'Why a job does not run. Ask for one job, one queue or one kind.';
COMMENT ON VIEW queue.dead_now IS 'Jobs whose every attempt has failed, and what the last one said.';
COMMENT ON VIEW queue.throttle_now IS 'Each limit, how much of it is used, and whether one more job may start.';
COMMENT ON VIEW queue.snapshot_now IS
    'Who keeps dead rows of this database from being removed, and since when.'
    ' Sessions of other users show only to members of pg_read_all_stats.';
