-- What a host has, and what of it may be reserved: a system share is taken off, and a site may sell its vCPU more than once. What
-- host says is capacity from now on; only muster.allocatable is held against reservations.

ALTER TABLE muster.site
    ADD COLUMN vcpu_oversell_permille integer NOT NULL DEFAULT 1000,
    -- Taken off each of its hosts that does not say otherwise.
    ADD COLUMN system_vcpu_milli      bigint  NOT NULL DEFAULT 0,
    ADD COLUMN system_memory_mib      bigint  NOT NULL DEFAULT 0,
    ADD COLUMN system_disk_gib        bigint  NOT NULL DEFAULT 0,
    ADD COLUMN system_bandwidth_mbps  bigint  NOT NULL DEFAULT 0,
    ADD CONSTRAINT site_oversell_within CHECK (vcpu_oversell_permille BETWEEN 100 AND 16000),
    ADD CONSTRAINT site_system_not_negative
        CHECK (least(system_vcpu_milli, system_memory_mib, system_disk_gib, system_bandwidth_mbps) >= 0);

ALTER TABLE muster.host
    ADD COLUMN system_vcpu_milli      bigint,
    ADD COLUMN system_memory_mib      bigint,
    ADD COLUMN system_disk_gib        bigint,
    ADD COLUMN system_bandwidth_mbps  bigint,
    ADD CONSTRAINT host_system_not_negative
        CHECK (least(system_vcpu_milli, system_memory_mib, system_disk_gib, system_bandwidth_mbps) >= 0);

-- allocatable = (capacity - system share) x oversell ratio. Memory, disk, bandwidth and GPUs are never sold twice.
CREATE VIEW muster.allocatable AS
SELECT h.host_id, h.site_id, h.name,
       greatest(0, h.vcpu_milli - coalesce(h.system_vcpu_milli, s.system_vcpu_milli)) * s.vcpu_oversell_permille / 1000
           AS vcpu_milli,
       greatest(0, h.memory_mib - coalesce(h.system_memory_mib, s.system_memory_mib))             AS memory_mib,
       greatest(0, h.disk_gib - coalesce(h.system_disk_gib, s.system_disk_gib))                   AS disk_gib,
       greatest(0, h.bandwidth_mbps - coalesce(h.system_bandwidth_mbps, s.system_bandwidth_mbps)) AS bandwidth_mbps,
       h.gpu_model, h.gpu_count
  FROM muster.host h
  JOIN muster.site s ON s.site_id = h.site_id;

-- As before, against what is allocatable.
CREATE OR REPLACE FUNCTION muster.breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, at timestamptz, resource text, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS MATERIALIZED (
        SELECT r.host_id, n.held, r.live_count * r.vcpu_milli AS vcpu_milli, r.live_count * r.memory_mib AS memory_mib,
               r.live_count * r.disk_gib AS disk_gib, r.live_count * r.bandwidth_mbps AS bandwidth_mbps,
               r.live_count * r.gpu_count AS gpu_count
          FROM muster.reservation r
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         WHERE r.host_id = ANY (hosts)
           AND r.live_count > 0
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

-- A host may not shrink below what is reserved on it, by its capacity or its system share, nor move to another site while
-- anything is.
CREATE OR REPLACE FUNCTION muster.guard_changed_hosts() RETURNS trigger
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
     WHERE (n.vcpu_milli, n.memory_mib, n.disk_gib, n.bandwidth_mbps, n.gpu_count, n.system_vcpu_milli,
            n.system_memory_mib, n.system_disk_gib, n.system_bandwidth_mbps)
        IS DISTINCT FROM (o.vcpu_milli, o.memory_mib, o.disk_gib, o.bandwidth_mbps, o.gpu_count, o.system_vcpu_milli,
            o.system_memory_mib, o.system_disk_gib, o.system_bandwidth_mbps);
    IF hosts IS NOT NULL THEN
        PERFORM muster.touch_hosts(hosts);
        PERFORM muster.refuse_breach(hosts, tstzrange(NULL, NULL));
    END IF;
    RETURN NULL;
END
$$;

-- Nor may a site's terms leave any of its hosts with less than is reserved there.
CREATE FUNCTION muster.guard_changed_sites() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    hosts bigint[];
BEGIN
    SELECT array_agg(h.host_id) INTO hosts
      FROM after_rows n
      JOIN before_rows o USING (site_id)
      JOIN muster.host h USING (site_id)
     WHERE (n.vcpu_oversell_permille, n.system_vcpu_milli, n.system_memory_mib, n.system_disk_gib, n.system_bandwidth_mbps)
        IS DISTINCT FROM
           (o.vcpu_oversell_permille, o.system_vcpu_milli, o.system_memory_mib, o.system_disk_gib, o.system_bandwidth_mbps);
    IF hosts IS NOT NULL THEN
        PERFORM muster.touch_hosts(hosts);
        PERFORM muster.refuse_breach(hosts, tstzrange(NULL, NULL));
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER site_guards_update AFTER UPDATE ON muster.site
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_changed_sites();

CREATE OR REPLACE VIEW report.oversold AS
SELECT h.name AS host, p.at, r.resource, r.reserved, r.allocatable
  FROM (SELECT DISTINCT host_id, lower(held) AS at FROM muster.reservation WHERE live_count > 0) p
  JOIN muster.allocatable h USING (host_id)
 CROSS JOIN LATERAL (
       SELECT sum(v.live_count * v.vcpu_milli)::bigint AS vcpu_milli, sum(v.live_count * v.memory_mib)::bigint AS memory_mib,
              sum(v.live_count * v.disk_gib)::bigint AS disk_gib,
              sum(v.live_count * v.bandwidth_mbps)::bigint AS bandwidth_mbps,
              sum(v.live_count * v.gpu_count)::bigint AS gpu_count
         FROM muster.reservation v
        WHERE v.host_id = p.host_id AND v.live_count > 0 AND v.held @> p.at) taken
 CROSS JOIN LATERAL (VALUES
       ('vcpu_milli',     taken.vcpu_milli,     h.vcpu_milli),
       ('memory_mib',     taken.memory_mib,     h.memory_mib),
       ('disk_gib',       taken.disk_gib,       h.disk_gib),
       ('bandwidth_mbps', taken.bandwidth_mbps, h.bandwidth_mbps),
       ('gpu_count',      taken.gpu_count,      h.gpu_count)) AS r (resource, reserved, allocatable)
 WHERE r.reserved > r.allocatable
UNION ALL
SELECT h.name, p.at, 'gpu_milli of device ' || p.device, taken.milli, has.milli
  FROM (SELECT DISTINCT r.host_id, d.device, lower(r.held) AS at
          FROM muster.reservation r
         CROSS JOIN LATERAL unnest(r.gpu_devices) AS d (device)
         WHERE r.live_count > 0) p
  JOIN muster.host h USING (host_id)
 CROSS JOIN LATERAL (
       SELECT sum(v.live_count * coalesce(nullif(v.gpu_share_milli, 0), 1000))::bigint AS milli
         FROM muster.reservation v
        WHERE v.host_id = p.host_id AND v.live_count > 0 AND v.held @> p.at AND p.device = ANY (v.gpu_devices)) taken
 CROSS JOIN LATERAL (SELECT CASE WHEN p.device < h.gpu_count THEN 1000 ELSE 0 END::bigint AS milli) has
 WHERE taken.milli > has.milli;

-- With what the hosts have, and how often the site sells its vCPU.
DROP VIEW report.capacity_now;
DROP FUNCTION report.capacity_at(timestamptz);
CREATE FUNCTION report.capacity_at(instant timestamptz)
    RETURNS TABLE (site text, province text, carrier text, resource text, allocatable bigint, reserved bigint, free bigint,
                   capacity bigint, oversell_ratio numeric)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.name, s.province, s.carrier, r.resource,
           sum(r.allocatable)::bigint, sum(r.reserved)::bigint,
           coalesce(sum(r.allocatable - r.reserved) FILTER (WHERE NOT x.closed), 0)::bigint,
           sum(r.capacity)::bigint, max(r.ratio)
      FROM muster.host h
      JOIN muster.allocatable a USING (host_id)
      JOIN muster.site s ON s.site_id = h.site_id
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
           ('vcpu_milli',     h.vcpu_milli,       a.vcpu_milli,       coalesce(l.vcpu_milli, 0),
            trim_scale(s.vcpu_oversell_permille / 1000.0)),
           ('memory_mib',     h.memory_mib,       a.memory_mib,       coalesce(l.memory_mib, 0),     1),
           ('disk_gib',       h.disk_gib,         a.disk_gib,         coalesce(l.disk_gib, 0),       1),
           ('bandwidth_mbps', h.bandwidth_mbps,   a.bandwidth_mbps,   coalesce(l.bandwidth_mbps, 0), 1),
           ('gpu_count',      h.gpu_count,        a.gpu_count,        coalesce(g.gpu_count, 0),      1),
           ('gpu_milli',      h.gpu_count * 1000, a.gpu_count * 1000, coalesce(l.gpu_milli, 0),      1))
           AS r (resource, capacity, allocatable, reserved, ratio)
     GROUP BY s.name, s.province, s.carrier, r.resource
    $$;

CREATE VIEW report.capacity_now AS SELECT * FROM report.capacity_at(muster.now());
