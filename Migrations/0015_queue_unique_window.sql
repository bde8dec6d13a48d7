-- At most one job with this key in a span of time, finished ones included: an unfinished job's own row cannot say so.
CREATE TABLE queue.unique_window (
    unique_key text        PRIMARY KEY,
    until_at   timestamptz NOT NULL,

    CONSTRAINT unique_window_key_indexable CHECK (length(unique_key) BETWEEN 1 AND 500)
);

-- Which keys are free again and may be forgotten?
CREATE INDEX unique_window_until_at ON queue.unique_window (until_at);
