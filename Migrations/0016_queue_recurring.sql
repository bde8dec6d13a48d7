-- Jobs that recur by the clock on a wall. Whoever leads enqueues them; that two may believe to lead does no harm, because
-- a tick is a row here before it is a job, and there is only one row for each.
CREATE TABLE queue.recurring (
    name         text        PRIMARY KEY,
    schedule     text        NOT NULL,
    zone         text        NOT NULL,
    missed_limit integer     NOT NULL DEFAULT 1,
    job          jsonb       NOT NULL,
    payload      jsonb       NOT NULL,
    next_at      timestamptz NOT NULL,

    CONSTRAINT recurring_name_bounded CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT recurring_schedule_bounded CHECK (length(schedule) BETWEEN 1 AND 500),
    CONSTRAINT recurring_missed_limit_within CHECK (missed_limit BETWEEN 1 AND 1000),
    CONSTRAINT recurring_payload_bounded CHECK (pg_column_size(payload) <= 1048576)
);

-- Which are due?
CREATE INDEX recurring_next_at ON queue.recurring (next_at);

-- Each tick that was enqueued, and the job it became; none where a job with the same unique key was unfinished. No
-- foreign key to the job, which changes tables.
CREATE TABLE queue.tick (
    name        text        NOT NULL REFERENCES queue.recurring ON DELETE CASCADE,
    tick_at     timestamptz NOT NULL,
    job_id      bigint,
    enqueued_at timestamptz NOT NULL DEFAULT queue.now(),

    CONSTRAINT tick_once PRIMARY KEY (name, tick_at)
);

-- Which ticks are old enough to forget?
CREATE INDEX tick_tick_at ON queue.tick (tick_at);

-- How many minutes the walls of a zone are ahead of UTC, so many minutes after 1970 began.
CREATE FUNCTION queue.zone_offset(minute bigint, zone text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
        SELECT floor(extract(epoch FROM (moment AT TIME ZONE zone) - (moment AT TIME ZONE 'UTC')) / 60)::bigint
          FROM (SELECT timestamptz 'epoch' + minute * interval '1 minute') AS instant (moment)
    $$;

-- Who leads, by name. A row stays when its holder leaves, because its epoch must never fall. Leases measure whether a
-- process lives, so they use the real clock.
CREATE TABLE queue.leader (
    name     text        PRIMARY KEY,
    epoch    bigint      NOT NULL,
    holder   text,
    until_at timestamptz,

    CONSTRAINT leader_name_bounded CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT leader_epoch_positive CHECK (epoch >= 1),
    CONSTRAINT leader_holder_has_lease CHECK (num_nulls(holder, until_at) IN (0, 2))
);
