-- What a job tells its handler and those who watch: the version of its payload, the trace it belongs to, how long an
-- attempt may take, and how far the present one has come. They come from the library, which keeps them within bounds.
ALTER TABLE queue.job
    ADD COLUMN payload_version smallint NOT NULL DEFAULT 1,
    ADD COLUMN trace           text,
    ADD COLUMN timeout         interval,
    ADD COLUMN progress        real,
    ADD COLUMN progress_note   text;
