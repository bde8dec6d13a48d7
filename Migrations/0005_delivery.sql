-- What became of the capacity: instances, what their agents are told, and what agents report.

CREATE TABLE muster.instance (
    instance_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id            bigint      NOT NULL REFERENCES muster."order",
    reservation_id      bigint      NOT NULL REFERENCES muster.reservation,
    host_id             bigint      NOT NULL REFERENCES muster.host,
    site_id             bigint      NOT NULL REFERENCES muster.site,
    state               text        NOT NULL DEFAULT 'planned',
    state_since         timestamptz NOT NULL DEFAULT muster.now(),
    -- Grows whenever the centre changes its mind; a report with a lower one changes nothing.
    epoch               bigint      NOT NULL DEFAULT 0,
    -- The agent's cursor over its site; NULL until the instance is handed over.
    assignment_sequence bigint,
    desire              text        NOT NULL DEFAULT 'run',
    address             text,
    message             text,
    -- The stretch the customer pays for, if it was ever ready: whole seconds, cut to the order's window when billed.
    billed_from         timestamptz NOT NULL,
    ready_at            timestamptz,
    stopped_at          timestamptz,

    CONSTRAINT instance_state_known
        CHECK (state IN ('planned', 'assigned', 'starting', 'ready', 'releasing', 'released', 'failed')),
    CONSTRAINT instance_desire_known CHECK (desire IN ('run', 'stop')),
    CONSTRAINT instance_handed_over CHECK (assignment_sequence IS NOT NULL OR state IN ('planned', 'released')),
    CONSTRAINT instance_stopped_when_over CHECK ((state IN ('released', 'failed')) = (stopped_at IS NOT NULL)),
    CONSTRAINT instance_message_bounded CHECK (octet_length(message) <= 1024)
);

CREATE INDEX instance_of_order ON muster.instance (order_id, instance_id);
-- An agent asks: what of this site comes after my cursor and is not over?
CREATE INDEX instance_assignments ON muster.instance (site_id, assignment_sequence)
    WHERE assignment_sequence IS NOT NULL AND state NOT IN ('released', 'failed');

-- Assignment sequences are drawn under this row's lock, so that they become visible in their order and an agent that reads
-- "after n" misses nothing.
CREATE TABLE muster.assignment_cursor (
    site_id  bigint NOT NULL PRIMARY KEY REFERENCES muster.site,
    sequence bigint NOT NULL DEFAULT 0
);

-- Who serves a site and the last report it sent; a report numbered no higher changes nothing. Kept apart from the
-- assignment cursor, so that reporting and assigning never wait for each other.
CREATE TABLE muster.site_agent (
    site_id         bigint      NOT NULL PRIMARY KEY REFERENCES muster.site,
    report_sequence bigint      NOT NULL DEFAULT 0,
    agent           text,
    engine          text,
    seen_at         timestamptz
);

CREATE FUNCTION muster.open_site_cursors() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO muster.assignment_cursor (site_id) SELECT site_id FROM after_rows;
    INSERT INTO muster.site_agent (site_id) SELECT site_id FROM after_rows;
    RETURN NULL;
END
$$;

CREATE TRIGGER site_opens_cursors AFTER INSERT ON muster.site
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.open_site_cursors();

-- Takes new instances out of the waiting count of their order.
CREATE FUNCTION muster.count_new_instances() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM muster."order" WHERE order_id IN (SELECT order_id FROM after_rows)
      ORDER BY order_id FOR NO KEY UPDATE;
    UPDATE muster."order" o
       SET waiting_count = o.waiting_count - d.created,
           planned_count = o.planned_count + d.created
      FROM (SELECT order_id, count(*)::integer AS created FROM after_rows GROUP BY order_id) d
     WHERE o.order_id = d.order_id;
    RETURN NULL;
END
$$;

-- Moves instances between the counts of their order. A failed one is waiting again, and one that is over gives its
-- capacity back to the ledger.
CREATE FUNCTION muster.count_moved_instances() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM muster."order"
      WHERE order_id IN (SELECT n.order_id FROM after_rows n JOIN before_rows o USING (instance_id)
                          WHERE n.state <> o.state)
      ORDER BY order_id FOR NO KEY UPDATE;

    UPDATE muster."order" o
       SET planned_count   = o.planned_count + d.planned,
           assigned_count  = o.assigned_count + d.assigned,
           starting_count  = o.starting_count + d.starting,
           ready_count     = o.ready_count + d.ready,
           releasing_count = o.releasing_count + d.releasing,
           released_count  = o.released_count + d.released,
           failed_count    = o.failed_count + d.failed,
           waiting_count   = o.waiting_count + d.failed
      FROM (SELECT order_id,
                   sum(step * (state = 'planned')::integer)::integer   AS planned,
                   sum(step * (state = 'assigned')::integer)::integer  AS assigned,
                   sum(step * (state = 'starting')::integer)::integer  AS starting,
                   sum(step * (state = 'ready')::integer)::integer     AS ready,
                   sum(step * (state = 'releasing')::integer)::integer AS releasing,
                   sum(step * (state = 'released')::integer)::integer  AS released,
                   sum(step * (state = 'failed')::integer)::integer    AS failed
              FROM (SELECT n.order_id, n.state, 1 AS step
                      FROM after_rows n JOIN before_rows o USING (instance_id) WHERE n.state <> o.state
                    UNION ALL
                    SELECT o.order_id, o.state, -1
                      FROM after_rows n JOIN before_rows o USING (instance_id) WHERE n.state <> o.state) s
             GROUP BY order_id) d
     WHERE o.order_id = d.order_id;

    UPDATE muster.reservation r
       SET live_count = r.live_count - d.over,
           released_at = CASE WHEN r.live_count = d.over THEN muster.now() END
      FROM (SELECT n.reservation_id, count(*)::integer AS over
              FROM after_rows n JOIN before_rows o USING (instance_id)
             WHERE n.state IN ('released', 'failed') AND o.state NOT IN ('released', 'failed')
             GROUP BY n.reservation_id) d
     WHERE r.reservation_id = d.reservation_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER instance_counts_insert AFTER INSERT ON muster.instance
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.count_new_instances();
CREATE TRIGGER instance_counts_update AFTER UPDATE ON muster.instance
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.count_moved_instances();

-- The receipt of an order: what was delivered and when it was gone, written once, when every stop is confirmed.
CREATE TABLE muster.receipt (
    order_id      bigint      NOT NULL PRIMARY KEY REFERENCES muster."order",
    window_end    timestamptz NOT NULL,
    instances     integer     NOT NULL,
    first_stop_at timestamptz,
    last_stop_at  timestamptz,
    currency      text        NOT NULL,
    amount_micro  bigint      NOT NULL,
    settled_at    timestamptz NOT NULL DEFAULT muster.now()
);
