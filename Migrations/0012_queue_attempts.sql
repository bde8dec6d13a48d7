-- What a job tells its handler and those who watch: the version of its payload, the trace it belongs to, how long an
-- attempt may take, and how far the present one has come: its worker sees to it that this is a share of 1 and a short note.
ALTER TABLE queue.job
    ADD COLUMN payload_version queue.version NOT NULL DEFAULT 1,
    ADD COLUMN trace           queue.note,
    ADD COLUMN timeout         queue.time_limit,
    ADD COLUMN progress        real,
    ADD COLUMN progress_note   text;
