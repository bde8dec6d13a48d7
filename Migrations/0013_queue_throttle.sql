-- An operator's hand on the flow: queues that rest, and how much of a queue or a kind may run at once or start in a time,
-- over all workers together.
CREATE TABLE queue.pause (
    queue     text        PRIMARY KEY,
    reason    text,
    paused_at timestamptz NOT NULL DEFAULT queue.now(),

    CONSTRAINT pause_queue_named CHECK (length(queue) BETWEEN 1 AND 100),
    CONSTRAINT pause_reason_bounded CHECK (length(reason) <= 500)
);

-- The tokens are those there were at refilled_at; a claim adds what has come since, takes what it needs, and writes both.
CREATE TABLE queue.throttle (
    scope         text             NOT NULL,
    name          text             NOT NULL,
    running_limit integer,
    rate_count    integer,
    rate_period   interval,
    burst_count   integer,
    token_count   double precision NOT NULL DEFAULT 0,
    refilled_at   timestamptz      NOT NULL DEFAULT queue.now(),

    PRIMARY KEY (scope, name),
    CONSTRAINT throttle_scope_known CHECK (scope IN ('queue', 'kind')),
    CONSTRAINT throttle_name_bounded CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT throttle_running_limit_positive CHECK (running_limit >= 1),
    CONSTRAINT throttle_rate_whole CHECK (num_nulls(rate_count, rate_period, burst_count) IN (0, 3)),
    CONSTRAINT throttle_rate_positive CHECK (rate_count >= 1 AND rate_period > interval '0' AND burst_count >= 1),
    CONSTRAINT throttle_limits_something CHECK (num_nonnulls(running_limit, rate_count) >= 1),
    CONSTRAINT throttle_token_count_within CHECK (token_count BETWEEN 0 AND coalesce(burst_count, 0))
)
WITH (fillfactor = 50);
