-- The operator's hand on the calendar: hosts and sites that take nothing new for a stretch of time. What is held there already
-- stays, may shrink and may end, so only statements that take more, longer or elsewhere are held against a closure.

CREATE TABLE muster.closure (
    closure_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    -- A site's closure is that of all its hosts, those that come later too.
    site_id    bigint      REFERENCES muster.site,
    host_id    bigint      REFERENCES muster.host,
    span       tstzrange   NOT NULL,
    -- Whether what has not begun there is moved to other hosts.
    draining   boolean     NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT muster.now(),
    lifted_at  timestamptz,

    CONSTRAINT closure_kind_known CHECK (kind IN ('cordon', 'maintenance', 'retirement')),
    CONSTRAINT closure_of_site_or_host CHECK (num_nonnulls(site_id, host_id) = 1),
    CONSTRAINT closure_retires_sites CHECK (kind <> 'retirement' OR site_id IS NOT NULL),
    CONSTRAINT closure_span_of_kind CHECK (
        NOT isempty(span) AND NOT upper_inc(span)
        AND lower_inf(span) = (kind = 'cordon')
        AND upper_inf(span) = (kind <> 'maintenance')
        AND lower_inc(span) = (kind <> 'cordon')),
    CONSTRAINT closure_reason_length CHECK (length(reason) BETWEEN 1 AND 256)
);

-- A place is cordoned once and retires once; maintenances may be many.
CREATE UNIQUE INDEX closure_one_of_a_kind ON muster.closure (kind, coalesce(site_id, 0), coalesce(host_id, 0))
    WHERE kind <> 'maintenance' AND lifted_at IS NULL;
-- What is closed? Few things, mostly.
CREATE INDEX closure_standing ON muster.closure (site_id, host_id) WHERE lifted_at IS NULL;

-- The closures that stand, host by host.
CREATE VIEW muster.host_closure_now AS
SELECT c.closure_id, c.host_id, c.kind, c.span, c.draining
  FROM muster.closure c
 WHERE c.host_id IS NOT NULL AND c.lifted_at IS NULL
   AND (upper_inf(c.span) OR upper(c.span) > muster.now())
UNION ALL
SELECT c.closure_id, h.host_id, c.kind, c.span, c.draining
  FROM muster.closure c
  JOIN muster.host h ON h.site_id = c.site_id
 WHERE c.lifted_at IS NULL
   AND (upper_inf(c.span) OR upper(c.span) > muster.now());

-- Refuses with the ledger's own SQLSTATE: to a planner it is one more thing that was there first.
CREATE FUNCTION muster.refuse_closed(closure_id bigint, kind text, host_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'host % is closed in this window by % %', host_id, kind, closure_id
        USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_avoids_closure', TABLE = 'reservation';
END
$$;

CREATE FUNCTION muster.guard_closed_new() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM muster.closure WHERE lifted_at IS NULL) THEN RETURN NULL; END IF;
    PERFORM muster.refuse_closed(c.closure_id, c.kind, c.host_id)
       FROM after_rows n
       JOIN muster.host_closure_now c ON c.host_id = n.host_id AND c.span && n.held
      ORDER BY c.host_id, c.closure_id LIMIT 1;
    RETURN NULL;
END
$$;

-- Of a row that only became longer, what counts is the time that was added; where a plain cordon stands it may: nothing starts.
CREATE FUNCTION muster.guard_closed_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM muster.closure WHERE lifted_at IS NULL) THEN RETURN NULL; END IF;
    PERFORM muster.refuse_closed(c.closure_id, c.kind, c.host_id)
       FROM (SELECT n.host_id, s.stays,
                    CASE WHEN s.stays THEN n.held::tstzmultirange - o.held::tstzmultirange
                         ELSE n.held::tstzmultirange END AS added
               FROM after_rows n
               JOIN before_rows o USING (reservation_id)
              CROSS JOIN LATERAL (SELECT n.host_id = o.host_id AND n.live_count <= o.live_count
                         AND n.vcpu_milli <= o.vcpu_milli AND n.memory_mib <= o.memory_mib AND n.disk_gib <= o.disk_gib
                         AND n.bandwidth_mbps <= o.bandwidth_mbps AND n.gpu_count <= o.gpu_count
                         AND n.gpu_share_milli <= o.gpu_share_milli AS stays) s
              WHERE n.live_count > 0) g
       JOIN muster.host_closure_now c ON c.host_id = g.host_id AND c.span && g.added
      WHERE NOT (g.stays AND c.kind = 'cordon' AND NOT c.draining)
      ORDER BY c.host_id, c.closure_id LIMIT 1;
    RETURN NULL;
END
$$;

-- These run after reservation_guards_insert and reservation_guards_update, by their names: the hosts are locked by then, so that
-- a closure made at the same moment has either committed and is seen, or waits for this transaction.
CREATE TRIGGER reservation_minds_closures_insert AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_closed_new();
CREATE TRIGGER reservation_minds_closures_update AFTER UPDATE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_closed_changed();

-- Locks and marks the hosts of a closure that comes, changes or goes: writers of reservations wait, planners look again. The
-- lock on the inventory waits for hosts that are just being added, so that none of the site is missed.
CREATE FUNCTION muster.touch_closed_hosts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM muster.inventory FOR SHARE;
    PERFORM muster.touch_hosts(ARRAY(
        SELECT host_id FROM after_rows WHERE host_id IS NOT NULL
         UNION
        SELECT h.host_id FROM after_rows c JOIN muster.host h ON h.site_id = c.site_id));
    RETURN NULL;
END
$$;

CREATE TRIGGER closure_touches_hosts_insert AFTER INSERT ON muster.closure
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.touch_closed_hosts();
CREATE TRIGGER closure_touches_hosts_update AFTER UPDATE ON muster.closure
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.touch_closed_hosts();

-- What is free excludes hosts that are closed at the instant.
CREATE OR REPLACE FUNCTION report.capacity_at(instant timestamptz)
    RETURNS TABLE (site text, province text, carrier text, resource text, allocatable bigint, reserved bigint, free bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.name, s.province, s.carrier, r.resource,
           sum(r.allocatable)::bigint, sum(r.reserved)::bigint,
           coalesce(sum(r.allocatable - r.reserved) FILTER (WHERE NOT x.closed), 0)::bigint
      FROM muster.host h
      JOIN muster.site s USING (site_id)
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM muster.closure c
                                         WHERE (c.host_id = h.host_id OR c.site_id = h.site_id)
                                           AND c.lifted_at IS NULL AND c.span @> instant) AS closed) x
      LEFT JOIN (SELECT host_id, sum(vcpu_milli) AS vcpu_milli, sum(memory_mib) AS memory_mib, sum(disk_gib) AS disk_gib,
                        sum(bandwidth_mbps) AS bandwidth_mbps, sum(gpu_count * 1000 + gpu_share_milli) AS gpu_milli
                   FROM muster.ledger_now WHERE held @> instant GROUP BY host_id) l USING (host_id)
      LEFT JOIN (SELECT host_id, count(DISTINCT d.device) AS gpu_count
                   FROM muster.ledger_now CROSS JOIN LATERAL unnest(gpu_devices) AS d (device)
                  WHERE held @> instant GROUP BY host_id) g USING (host_id)
     CROSS JOIN LATERAL (VALUES
           ('vcpu_milli',     h.vcpu_milli,       coalesce(l.vcpu_milli, 0)),
           ('memory_mib',     h.memory_mib,       coalesce(l.memory_mib, 0)),
           ('disk_gib',       h.disk_gib,         coalesce(l.disk_gib, 0)),
           ('bandwidth_mbps', h.bandwidth_mbps,   coalesce(l.bandwidth_mbps, 0)),
           ('gpu_count',      h.gpu_count,        coalesce(g.gpu_count, 0)),
           ('gpu_milli',      h.gpu_count * 1000, coalesce(l.gpu_milli, 0))) AS r (resource, allocatable, reserved)
     GROUP BY s.name, s.province, s.carrier, r.resource
    $$;
