-- The public SQL contract: stable views for people with psql and for BI tools.

CREATE SCHEMA IF NOT EXISTS report;

CREATE FUNCTION muster.spec_text(kind text, vcpu_milli bigint, memory_mib bigint, gpu_model text, gpu_count bigint)
    RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT kind || ' ' || trim_scale(vcpu_milli / 1000.0) || 'C '
        || CASE WHEN memory_mib % 1024 = 0 THEN memory_mib / 1024 || 'GiB' ELSE memory_mib || 'MiB' END
        || CASE WHEN gpu_count > 0 THEN ' ' || gpu_count || 'x' || coalesce(gpu_model, 'GPU') ELSE '' END
    $$;

CREATE VIEW report.billing_by_order AS
SELECT l.order_id, t.name AS tenant, o.name, muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count) AS spec,
       o.window_start, o.window_end, o.state,
       sum(l.instances)::bigint AS instances,
       sum(l.instance_seconds)::bigint AS instance_seconds,
       l.currency, sum(l.amount_micro)::bigint AS amount_micro
  FROM (SELECT u.order_id, u.area, p.currency, count(*) AS instances,
               sum(extract(epoch FROM u.until_at - u.from_at)) AS instance_seconds,
               muster.amount_micro(sum(extract(epoch FROM u.until_at - u.from_at)), p.instance_hour_micro) AS amount_micro
          FROM muster.usage_interval u
          JOIN muster.order_price p ON p.order_id = u.order_id AND p.area = u.area
         GROUP BY u.order_id, u.area, p.currency, p.instance_hour_micro) l
  JOIN muster."order" o ON o.order_id = l.order_id
  JOIN muster.tenant t ON t.tenant_id = o.tenant_id
 GROUP BY l.order_id, t.name, o.name, o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.window_start,
          o.window_end, o.state, l.currency;

-- Days are those of the price book's zone. Each day's amount is the difference of the rounded running sums, so that the
-- days of an order add up to its bill exactly.
CREATE VIEW report.billing_by_day AS
WITH book AS (
    SELECT zone FROM muster.price_book WHERE valid_from <= muster.now() ORDER BY valid_from DESC, price_book_id DESC LIMIT 1
), piece AS (
    SELECT u.order_id, u.tenant_id, u.area, d.day::date AS day,
           extract(epoch FROM
               least(u.until_at, (d.day + interval '1 day') AT TIME ZONE book.zone)
             - greatest(u.from_at, d.day AT TIME ZONE book.zone)) AS seconds
      FROM muster.usage_interval u
     CROSS JOIN book
     CROSS JOIN LATERAL generate_series(
           date_trunc('day', u.from_at AT TIME ZONE book.zone),
           date_trunc('day', (u.until_at - interval '1 microsecond') AT TIME ZONE book.zone),
           interval '1 day') AS d (day)
     WHERE u.until_at > u.from_at
), daily AS (
    SELECT p.order_id, p.tenant_id, p.area, p.day, sum(p.seconds) AS instance_seconds
      FROM piece p GROUP BY p.order_id, p.tenant_id, p.area, p.day
), running AS (
    SELECT d.*, r.currency, r.instance_hour_micro,
           sum(d.instance_seconds) OVER (PARTITION BY d.order_id, d.area ORDER BY d.day) AS so_far
      FROM daily d
      JOIN muster.order_price r ON r.order_id = d.order_id AND r.area = d.area
)
SELECT t.name AS tenant, x.day,
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count) AS spec,
       sum(x.instance_seconds)::bigint AS instance_seconds, x.currency,
       sum(muster.amount_micro(x.so_far, x.instance_hour_micro)
         - muster.amount_micro(x.so_far - x.instance_seconds, x.instance_hour_micro))::bigint AS amount_micro
  FROM running x
  JOIN muster."order" o ON o.order_id = x.order_id
  JOIN muster.tenant t ON t.tenant_id = x.tenant_id
 GROUP BY t.name, x.day, 3, x.currency;

-- How each order that reached its end was released. Lag is from the window's end to the confirmed stop; leaked are the
-- instances not confirmed stopped although their window and grace have passed.
CREATE VIEW report.release AS
SELECT o.order_id, t.name AS tenant, o.name, o.state, o.window_end,
       count(*) AS instances,
       count(*) FILTER (WHERE i.state = 'released') AS released,
       min(i.stopped_at) AS first_stop_at,
       max(i.stopped_at) AS last_stop_at,
       greatest(0, extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY i.stopped_at) - o.window_end))
           AS p50_lag_seconds,
       greatest(0, extract(epoch FROM percentile_disc(0.99) WITHIN GROUP (ORDER BY i.stopped_at) - o.window_end))
           AS p99_lag_seconds,
       count(*) FILTER (WHERE i.state NOT IN ('released', 'failed')
                          AND muster.now() >= o.window_end + make_interval(secs => o.grace_seconds)) AS leaked
  FROM muster."order" o
  JOIN muster.tenant t ON t.tenant_id = o.tenant_id
  JOIN muster.instance i ON i.order_id = o.order_id AND i.state <> 'failed' AND i.assignment_sequence IS NOT NULL
 WHERE o.state IN ('releasing', 'settled') OR muster.now() >= o.window_end
 GROUP BY o.order_id, t.name, o.name, o.state, o.window_end, o.grace_seconds;

CREATE FUNCTION report.capacity_at(instant timestamptz)
    RETURNS TABLE (site text, province text, carrier text, resource text, allocatable bigint, reserved bigint, free bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.name, s.province, s.carrier, r.resource,
           sum(r.allocatable)::bigint, sum(r.reserved)::bigint, sum(r.allocatable - r.reserved)::bigint
      FROM muster.host h
      JOIN muster.site s USING (site_id)
      LEFT JOIN (SELECT host_id, sum(vcpu_milli) AS vcpu_milli, sum(memory_mib) AS memory_mib, sum(disk_gib) AS disk_gib,
                        sum(bandwidth_mbps) AS bandwidth_mbps, sum(gpu_count) AS gpu_count
                   FROM muster.ledger_now WHERE held @> instant GROUP BY host_id) l USING (host_id)
     CROSS JOIN LATERAL (VALUES
           ('vcpu_milli',     h.vcpu_milli,     coalesce(l.vcpu_milli, 0)),
           ('memory_mib',     h.memory_mib,     coalesce(l.memory_mib, 0)),
           ('disk_gib',       h.disk_gib,       coalesce(l.disk_gib, 0)),
           ('bandwidth_mbps', h.bandwidth_mbps, coalesce(l.bandwidth_mbps, 0)),
           ('gpu_count',      h.gpu_count,      coalesce(l.gpu_count, 0))) AS r (resource, allocatable, reserved)
     GROUP BY s.name, s.province, s.carrier, r.resource
    $$;

CREATE VIEW report.capacity_now AS SELECT * FROM report.capacity_at(muster.now());

CREATE VIEW report.orders AS
SELECT o.order_id, t.name AS tenant, o.name, o.state, o.created_at, o.window_start, o.window_end,
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count) AS spec,
       o.requested_count, o.reserved_count, o.waiting_count, o.refused_count,
       o.planned_count, o.assigned_count, o.starting_count, o.ready_count, o.releasing_count, o.released_count,
       o.failed_count
  FROM muster."order" o
  JOIN muster.tenant t USING (tenant_id);

-- Empty, always: hosts on which live reservations exceed what there is at some instant. Said by the held ranges alone and
-- by another road than the guard's, so that one mistake cannot hide another.
CREATE VIEW report.oversold AS
SELECT h.name AS host, p.at, r.resource, r.reserved, r.allocatable
  FROM (SELECT DISTINCT host_id, lower(held) AS at FROM muster.reservation WHERE live_count > 0) p
  JOIN muster.host h USING (host_id)
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
 WHERE r.reserved > r.allocatable;

-- Empty, always: orders whose counts are not what their instances say, and reservations whose live count is not.
CREATE VIEW report.unbalanced AS
SELECT 'order' AS what, o.order_id AS id,
       format('counts say %s reserved, instances say %s', o.reserved_count, count(i.instance_id)) AS detail
  FROM muster."order" o
  LEFT JOIN muster.instance i ON i.order_id = o.order_id AND i.state <> 'failed'
 GROUP BY o.order_id
HAVING o.requested_count <> o.reserved_count + o.waiting_count + o.refused_count
    OR (o.planned_count, o.assigned_count, o.starting_count, o.ready_count, o.releasing_count, o.released_count)
       IS DISTINCT FROM
       (count(*) FILTER (WHERE i.state = 'planned'), count(*) FILTER (WHERE i.state = 'assigned'),
        count(*) FILTER (WHERE i.state = 'starting'), count(*) FILTER (WHERE i.state = 'ready'),
        count(*) FILTER (WHERE i.state = 'releasing'), count(*) FILTER (WHERE i.state = 'released'))
UNION ALL
SELECT 'reservation', r.reservation_id,
       format('%s live, instances say %s', r.live_count, count(i.instance_id))
  FROM muster.reservation r
  LEFT JOIN muster.instance i
         ON i.reservation_id = r.reservation_id AND i.state NOT IN ('released', 'failed')
 GROUP BY r.reservation_id
HAVING r.live_count <> count(i.instance_id);
