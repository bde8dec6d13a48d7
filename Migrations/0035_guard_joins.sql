-- The guard looks its hosts up by joining them. Compared with an array, by a plan that serves every array, each row of a table
-- that is read from end to end is held against all of it: a first order over 100,000 hosts took 48 s instead of 6 where the
-- ledger was empty, and read that way for want of statistics.

CREATE OR REPLACE FUNCTION muster.touch_hosts(hosts bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM unnest(hosts) AS w (host_id) JOIN muster.host_ledger l USING (host_id)
      ORDER BY l.host_id FOR NO KEY UPDATE OF l;
    UPDATE muster.host_ledger l SET changed_xid = pg_current_xact_id()
      FROM unnest(hosts) AS w (host_id) WHERE l.host_id = w.host_id;
END
$$;

-- As before but for the join.
CREATE OR REPLACE FUNCTION muster.breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, at timestamptz, resource text, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS MATERIALIZED (
        SELECT r.host_id, n.held, r.live_count * r.vcpu_milli AS vcpu_milli, r.live_count * r.memory_mib AS memory_mib,
               r.live_count * r.disk_gib AS disk_gib, r.live_count * r.bandwidth_mbps AS bandwidth_mbps,
               r.live_count * r.gpu_count AS gpu_count
          FROM unnest(hosts) AS w (host_id)
          JOIN muster.reservation r ON r.host_id = w.host_id
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         WHERE r.live_count > 0
           AND upper(r.held) > CASE WHEN lower(span) >= muster.now() + muster.overrun_allowance()
                                    THEN lower(span) ELSE '-infinity' END
           AND lower(r.held) < coalesce(upper(span), 'infinity')
           AND n.held && span
    ), crowded AS MATERIALIZED (
        SELECT h.host_id
          FROM live l
          JOIN muster.allocatable h ON h.host_id = l.host_id
         GROUP BY h.host_id, h.vcpu_milli, h.memory_mib, h.disk_gib, h.bandwidth_mbps, h.gpu_count
        HAVING sum(l.vcpu_milli) > h.vcpu_milli OR sum(l.memory_mib) > h.memory_mib OR sum(l.disk_gib) > h.disk_gib
            OR sum(l.bandwidth_mbps) > h.bandwidth_mbps OR sum(l.gpu_count) > h.gpu_count
    ), step AS (
        SELECT l.host_id, lower(held) AS at, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count
          FROM live l JOIN crowded c ON c.host_id = l.host_id
        UNION ALL
        SELECT l.host_id, upper(held), -vcpu_milli, -memory_mib, -disk_gib, -bandwidth_mbps, -gpu_count
          FROM live l JOIN crowded c ON c.host_id = l.host_id
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
          JOIN muster.allocatable h ON h.host_id = l.host_id
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

CREATE OR REPLACE FUNCTION muster.device_breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, device smallint, at timestamptz, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS (
        SELECT r.host_id, d.device, n.held, r.live_count * coalesce(nullif(r.gpu_share_milli, 0), 1000) AS milli
          FROM unnest(hosts) AS w (host_id)
          JOIN muster.reservation r ON r.host_id = w.host_id
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         CROSS JOIN LATERAL unnest(r.gpu_devices) AS d (device)
         WHERE r.live_count > 0
           AND upper(r.held) > CASE WHEN lower(span) >= muster.now() + muster.overrun_allowance()
                                    THEN lower(span) ELSE '-infinity' END
           AND lower(r.held) < coalesce(upper(span), 'infinity')
           AND n.held && span
    ), step AS (
        SELECT host_id, device, lower(held) AS at, milli FROM live
        UNION ALL
        SELECT host_id, device, upper(held), -milli FROM live
    ), level AS (
        SELECT host_id, device, at,
               (sum(sum(milli)) OVER (PARTITION BY host_id, device ORDER BY at))::bigint AS reserved
          FROM step
         GROUP BY host_id, device, at
    ), compared AS (
        SELECT l.*, CASE WHEN l.device < h.gpu_count THEN 1000 ELSE 0 END::bigint AS allocatable
          FROM level l
          JOIN muster.host h ON h.host_id = l.host_id
    )
    SELECT DISTINCT ON (c.host_id, c.device) c.host_id, c.device, c.at, c.reserved, c.allocatable
      FROM compared c
     WHERE c.reserved > c.allocatable
       AND (upper_inf(span) OR c.at < upper(span))
     ORDER BY c.host_id, c.device, c.at
    $$;

CREATE OR REPLACE FUNCTION muster.refuse_device_breach(hosts bigint[], span tstzrange) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    worst record;
BEGIN
    SELECT r.host_id, r.gpu_model INTO worst
      FROM unnest(hosts) AS w (host_id)
      JOIN muster.reservation r USING (host_id)
      JOIN muster.host h USING (host_id)
     WHERE r.live_count > 0 AND r.gpu_devices IS NOT NULL
       AND upper(r.held) > coalesce(lower(span), '-infinity') AND lower(r.held) < coalesce(upper(span), 'infinity')
       AND r.gpu_model IS DISTINCT FROM h.gpu_model
     ORDER BY r.host_id
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'host % has no GPU of the model %', worst.host_id, worst.gpu_model
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_devices', TABLE = 'reservation';
    END IF;
    SELECT b.* INTO worst FROM muster.device_breach(hosts, span) b ORDER BY b.host_id, b.device LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'GPU % of host % would be oversold at %: % of % thousandths reserved',
            worst.device, worst.host_id, worst.at, worst.reserved, worst.allocatable
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_devices', TABLE = 'reservation';
    END IF;
END
$$;
