-- The ledger: capacity taken out of hosts for a window. The database itself refuses a statement after which the live
-- reservations of a host would not fit at some instant, whatever the planner believed.

-- One row per host, written by everything that changes its reservations: the lock that serialises them, and the mark by
-- which planners see which hosts changed. The transaction id, not a counter, because commits do not come in counter order.
CREATE TABLE muster.host_ledger (
    host_id     bigint NOT NULL PRIMARY KEY REFERENCES muster.host,
    changed_xid xid8   NOT NULL DEFAULT pg_current_xact_id()
) WITH (fillfactor = 50);

CREATE INDEX host_ledger_changed ON muster.host_ledger (changed_xid);

CREATE FUNCTION muster.open_host_ledger() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO muster.host_ledger (host_id) SELECT host_id FROM after_rows;
    RETURN NULL;
END
$$;

CREATE TRIGGER host_opens_ledger AFTER INSERT ON muster.host
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.open_host_ledger();

CREATE TABLE muster.reservation (
    reservation_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id       bigint      NOT NULL REFERENCES muster."order",
    host_id        bigint      NOT NULL REFERENCES muster.host,
    -- What the ledger takes: the customer's window with its lead before and its grace after.
    held           tstzrange   NOT NULL,
    instance_count integer     NOT NULL,
    -- Instances not yet confirmed stopped; only these take capacity.
    live_count     integer     NOT NULL,
    vcpu_milli     bigint      NOT NULL,
    memory_mib     bigint      NOT NULL,
    disk_gib       bigint      NOT NULL,
    bandwidth_mbps bigint      NOT NULL,
    gpu_model      text,
    gpu_count      bigint      NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT muster.now(),
    released_at    timestamptz,

    CONSTRAINT reservation_held_half_open
        CHECK (NOT isempty(held) AND lower_inc(held) AND NOT upper_inc(held)
               AND NOT lower_inf(held) AND NOT upper_inf(held)),
    CONSTRAINT reservation_count_positive CHECK (instance_count > 0),
    CONSTRAINT reservation_live_within CHECK (live_count BETWEEN 0 AND instance_count),
    CONSTRAINT reservation_released_when_over CHECK ((live_count = 0) = (released_at IS NOT NULL)),
    CONSTRAINT reservation_amounts_not_negative
        CHECK (vcpu_milli >= 0 AND memory_mib >= 0 AND disk_gib >= 0 AND bandwidth_mbps >= 0 AND gpu_count >= 0)
);

CREATE INDEX reservation_live_on_host ON muster.reservation (host_id) WHERE live_count > 0;
-- What has overrun its end? Nothing, mostly.
CREATE INDEX reservation_ends ON muster.reservation (upper(held)) WHERE live_count > 0;
CREATE INDEX reservation_of_order ON muster.reservation (order_id);

-- How long a host is taken by instances that should have stopped and are not confirmed to have: at least until then.
CREATE FUNCTION muster.overrun_allowance() RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT interval '5 minutes' $$;

-- The live reservations as admission sees them: one whose end has passed unconfirmed still takes its host for a while.
CREATE VIEW muster.ledger_now AS
SELECT reservation_id, order_id, host_id,
       CASE WHEN upper(held) <= muster.now()
            THEN tstzrange(lower(held), muster.now() + muster.overrun_allowance())
            ELSE held END AS held,
       live_count * vcpu_milli     AS vcpu_milli,
       live_count * memory_mib     AS memory_mib,
       live_count * disk_gib       AS disk_gib,
       live_count * bandwidth_mbps AS bandwidth_mbps,
       gpu_model,
       live_count * gpu_count      AS gpu_count
  FROM muster.reservation
 WHERE live_count > 0;

-- The first breach of each host: the instant within the span at which what is reserved exceeds what there is.
-- The sum of half-open intervals can only peak where one of them starts, and ends at an instant come off before starts.
CREATE FUNCTION muster.breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, at timestamptz, resource text, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS (
        SELECT l.* FROM muster.ledger_now l WHERE l.host_id = ANY (hosts) AND l.held && span
    ), step AS (
        SELECT host_id, lower(held) AS at, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count FROM live
        UNION ALL
        SELECT host_id, upper(held), -vcpu_milli, -memory_mib, -disk_gib, -bandwidth_mbps, -gpu_count FROM live
    ), level AS (
        SELECT host_id, at,
               sum(sum(vcpu_milli))     OVER past AS vcpu_milli,
               sum(sum(memory_mib))     OVER past AS memory_mib,
               sum(sum(disk_gib))       OVER past AS disk_gib,
               sum(sum(bandwidth_mbps)) OVER past AS bandwidth_mbps,
               sum(sum(gpu_count))      OVER past AS gpu_count
          FROM step
         GROUP BY host_id, at
        WINDOW past AS (PARTITION BY host_id ORDER BY at)
    ), compared AS (
        SELECT l.host_id, l.at, r.resource, r.reserved, r.allocatable
          FROM level l
          JOIN muster.host h ON h.host_id = l.host_id
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli',     l.vcpu_milli::bigint,     h.vcpu_milli),
               ('memory_mib',     l.memory_mib::bigint,     h.memory_mib),
               ('disk_gib',       l.disk_gib::bigint,       h.disk_gib),
               ('bandwidth_mbps', l.bandwidth_mbps::bigint, h.bandwidth_mbps),
               ('gpu_count',      l.gpu_count::bigint,      h.gpu_count)) AS r (resource, reserved, allocatable)
         WHERE r.reserved > r.allocatable
    )
    SELECT DISTINCT ON (c.host_id, c.resource) c.host_id, c.at, c.resource, c.reserved, c.allocatable
      FROM compared c
     WHERE upper_inf(span) OR c.at < upper(span)
     ORDER BY c.host_id, c.resource, c.at
    $$;

-- Refuses what does not fit. SQLSTATE MU001 is ours, so that a planner can tell "somebody was faster" from a mistake.
CREATE FUNCTION muster.refuse_breach(hosts bigint[], span tstzrange) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    worst record;
BEGIN
    SELECT b.* INTO worst FROM muster.breach(hosts, span) b ORDER BY b.host_id, b.resource LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'host % would be oversold at %: % of % % reserved',
            worst.host_id, worst.at, worst.reserved, worst.allocatable, worst.resource
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
END
$$;

-- Locks the hosts in the order of their ids and marks them changed. The write, not the lock alone, is what makes a
-- transaction with an older snapshot fail instead of checking against what it cannot see.
CREATE FUNCTION muster.touch_hosts(hosts bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM muster.host_ledger WHERE host_id = ANY (hosts) ORDER BY host_id FOR NO KEY UPDATE;
    UPDATE muster.host_ledger SET changed_xid = pg_current_xact_id() WHERE host_id = ANY (hosts);
END
$$;

CREATE FUNCTION muster.guard_new_reservations() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    hosts bigint[];
    span  tstzrange;
BEGIN
    SELECT array_agg(DISTINCT host_id), range_merge(range_agg(held)) INTO hosts, span FROM after_rows;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    PERFORM muster.touch_hosts(hosts);
    IF EXISTS (SELECT FROM after_rows r JOIN muster.host h USING (host_id)
                WHERE r.gpu_count > 0 AND r.gpu_model IS NOT NULL AND r.gpu_model IS DISTINCT FROM h.gpu_model) THEN
        RAISE EXCEPTION 'a reservation asks a host for a GPU model it does not have'
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
    PERFORM muster.refuse_breach(hosts, span);
    RETURN NULL;
END
$$;

-- Giving back needs no check; only rows that take more, longer or elsewhere are checked.
CREATE FUNCTION muster.guard_changed_reservations() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    hosts   bigint[];
    grown   bigint[];
    span    tstzrange;
BEGIN
    SELECT array_agg(DISTINCT host_id) INTO hosts
      FROM (SELECT host_id FROM after_rows UNION SELECT host_id FROM before_rows) t;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    PERFORM muster.touch_hosts(hosts);
    SELECT array_agg(DISTINCT n.host_id), range_merge(range_agg(n.held)) INTO grown, span
      FROM after_rows n
      JOIN before_rows o USING (reservation_id)
     WHERE n.live_count > 0
       AND NOT (o.held @> n.held AND n.host_id = o.host_id AND n.live_count <= o.live_count
                AND n.vcpu_milli <= o.vcpu_milli AND n.memory_mib <= o.memory_mib AND n.disk_gib <= o.disk_gib
                AND n.bandwidth_mbps <= o.bandwidth_mbps AND n.gpu_count <= o.gpu_count);
    IF grown IS NOT NULL THEN
        PERFORM muster.refuse_breach(grown, span);
    END IF;
    RETURN NULL;
END
$$;

-- A host may not shrink below what is reserved on it, nor move to another site while anything is.
CREATE FUNCTION muster.guard_changed_hosts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    hosts bigint[];
BEGIN
    IF EXISTS (SELECT FROM after_rows n JOIN before_rows o USING (host_id) JOIN muster.reservation r USING (host_id)
                WHERE n.site_id <> o.site_id AND r.live_count > 0) THEN
        RAISE EXCEPTION 'a host cannot move to another site while something is reserved on it'
            USING ERRCODE = 'MU001', CONSTRAINT = 'host_stays_while_reserved', TABLE = 'host';
    END IF;
    SELECT array_agg(n.host_id) INTO hosts
      FROM after_rows n
      JOIN before_rows o USING (host_id)
     WHERE (n.vcpu_milli, n.memory_mib, n.disk_gib, n.bandwidth_mbps, n.gpu_count)
        IS DISTINCT FROM (o.vcpu_milli, o.memory_mib, o.disk_gib, o.bandwidth_mbps, o.gpu_count);
    IF hosts IS NOT NULL THEN
        PERFORM muster.touch_hosts(hosts);
        PERFORM muster.refuse_breach(hosts, tstzrange(NULL, NULL));
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservation_guards_insert AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_new_reservations();
CREATE TRIGGER reservation_guards_update AFTER UPDATE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_changed_reservations();
CREATE TRIGGER host_guards_update AFTER UPDATE ON muster.host
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_changed_hosts();
