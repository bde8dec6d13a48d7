-- Shares of one GPU, and which GPUs of its host a reservation is on. What is taken of a device is refused where it does
-- not fit, like what is taken of a host: by the database, at every instant, whatever the planner believed.

-- The share of one device that an instance takes, in thousandths; gpu_count counts whole devices.
ALTER TABLE muster."order"
    ADD COLUMN gpu_share_milli bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_gpu_share_of_one CHECK (
        gpu_share_milli BETWEEN 0 AND 999 AND (gpu_share_milli = 0 OR gpu_count = 0 AND gpu_model IS NOT NULL));
ALTER TABLE muster.hold
    ADD COLUMN gpu_share_milli bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT hold_gpu_share_of_one CHECK (
        gpu_share_milli BETWEEN 0 AND 999 AND (gpu_share_milli = 0 OR gpu_count = 0 AND gpu_model IS NOT NULL));

-- Every instance of a row is on all of its devices: shares of one device are one row, and instances with whole devices
-- are one row each. A row of an order without GPUs has no devices, and costs nothing here.
ALTER TABLE muster.reservation
    ADD COLUMN gpu_share_milli bigint NOT NULL DEFAULT 0,
    ADD COLUMN gpu_devices smallint[],
    ADD CONSTRAINT reservation_gpu_share_of_one CHECK (
        gpu_share_milli BETWEEN 0 AND 999 AND (gpu_share_milli = 0 OR gpu_count = 0 AND gpu_model IS NOT NULL)),
    ADD CONSTRAINT reservation_devices_not_negative CHECK (0 <= ALL (gpu_devices));

-- What was reserved before gets devices: first fit by start, which never needs more of them than are reserved at some
-- instant. A row of several instances becomes as many rows.
ALTER TABLE muster.reservation DISABLE TRIGGER USER;
DO $$
DECLARE
    taken   record;
    devices smallint[];
    part    bigint;
BEGIN
    FOR taken IN
        SELECT * FROM muster.reservation
         WHERE gpu_count > 0 AND live_count > 0
         ORDER BY host_id, lower(held), reservation_id
    LOOP
        FOR rest IN REVERSE taken.live_count .. 1 LOOP
            SELECT array_agg(free.device ORDER BY free.device) INTO devices
              FROM (SELECT d.device::smallint
                      FROM muster.host h
                     CROSS JOIN LATERAL generate_series(0, h.gpu_count - 1) AS d (device)
                     WHERE h.host_id = taken.host_id
                       AND NOT EXISTS (SELECT FROM muster.reservation r
                                        WHERE r.host_id = taken.host_id AND r.live_count > 0 AND r.held && taken.held
                                          AND d.device = ANY (r.gpu_devices))
                     ORDER BY d.device
                     LIMIT taken.gpu_count) free;
            IF rest = 1 THEN
                UPDATE muster.reservation
                   SET gpu_devices = devices, live_count = 1, instance_count = instance_count - taken.live_count + 1
                 WHERE reservation_id = taken.reservation_id;
            ELSE
                INSERT INTO muster.reservation
                    (order_id, hold_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                     bandwidth_mbps, gpu_model, gpu_count, gpu_devices, created_at)
                VALUES (taken.order_id, taken.hold_id, taken.host_id, taken.held, 1, 1, taken.vcpu_milli,
                        taken.memory_mib, taken.disk_gib, taken.bandwidth_mbps, taken.gpu_model, taken.gpu_count, devices,
                        taken.created_at)
                RETURNING reservation_id INTO part;
                UPDATE muster.instance
                   SET reservation_id = part
                 WHERE instance_id = (SELECT min(instance_id) FROM muster.instance
                                       WHERE reservation_id = taken.reservation_id
                                         AND state NOT IN ('released', 'failed'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;
ALTER TABLE muster.reservation ENABLE TRIGGER USER;

ALTER TABLE muster.reservation
    ADD CONSTRAINT reservation_names_devices CHECK (
        live_count = 0 OR coalesce(cardinality(gpu_devices), 0) = gpu_count + least(gpu_share_milli, 1));

-- The live reservations as admission sees them: one whose end has passed unconfirmed still takes its host for a while.
-- gpu_share_milli is the sum over the instances, gpu_device_milli what they take of each of gpu_devices.
CREATE OR REPLACE VIEW muster.ledger_now AS
SELECT reservation_id, order_id, host_id,
       CASE WHEN upper(held) <= muster.now()
            THEN tstzrange(lower(held), muster.now() + muster.overrun_allowance())
            ELSE held END AS held,
       live_count * vcpu_milli     AS vcpu_milli,
       live_count * memory_mib     AS memory_mib,
       live_count * disk_gib       AS disk_gib,
       live_count * bandwidth_mbps AS bandwidth_mbps,
       gpu_model,
       live_count * gpu_count      AS gpu_count,
       live_count * gpu_share_milli AS gpu_share_milli,
       gpu_devices,
       live_count * CASE WHEN gpu_share_milli > 0 THEN gpu_share_milli ELSE 1000 END AS gpu_device_milli
  FROM muster.reservation
 WHERE live_count > 0;

-- The first breach of each GPU: the instant within the span at which more than all of it is reserved, in thousandths. One
-- that the host does not have is breached by anything. Rows are found as muster.breach finds them.
CREATE FUNCTION muster.device_breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, device smallint, at timestamptz, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS (
        SELECT r.host_id, d.device, n.held, r.live_count * coalesce(nullif(r.gpu_share_milli, 0), 1000) AS milli
          FROM muster.reservation r
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         CROSS JOIN LATERAL unnest(r.gpu_devices) AS d (device)
         WHERE r.host_id = ANY (hosts)
           AND r.live_count > 0
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

-- Refuses what does not fit on the GPUs of these hosts, and what asks for another model than theirs.
CREATE FUNCTION muster.refuse_device_breach(hosts bigint[], span tstzrange) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    worst record;
BEGIN
    SELECT r.host_id, r.gpu_model INTO worst
      FROM muster.reservation r
      JOIN muster.host h USING (host_id)
     WHERE r.host_id = ANY (hosts) AND r.live_count > 0 AND r.gpu_devices IS NOT NULL
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

CREATE FUNCTION muster.guard_new_device_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts bigint[];
    span  tstzrange;
BEGIN
    SELECT array_agg(DISTINCT host_id), range_merge(range_agg(held)) INTO hosts, span
      FROM after_rows WHERE gpu_devices IS NOT NULL;
    IF hosts IS NOT NULL THEN
        PERFORM muster.refuse_device_breach(hosts, span);
    END IF;
    RETURN NULL;
END
$$;

-- Giving back needs no check; only rows that take more, longer or elsewhere are checked.
CREATE FUNCTION muster.guard_changed_device_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts bigint[];
    span  tstzrange;
BEGIN
    IF NOT EXISTS (SELECT FROM after_rows WHERE gpu_devices IS NOT NULL) THEN RETURN NULL; END IF;
    SELECT array_agg(DISTINCT n.host_id), range_merge(range_agg(n.held)) INTO hosts, span
      FROM after_rows n
      JOIN before_rows o USING (reservation_id)
     WHERE n.live_count > 0
       AND n.gpu_devices IS NOT NULL
       AND NOT (o.held @> n.held AND n.host_id = o.host_id AND n.live_count <= o.live_count
                AND n.gpu_devices IS NOT DISTINCT FROM o.gpu_devices AND n.gpu_model IS NOT DISTINCT FROM o.gpu_model
                AND n.gpu_share_milli <= o.gpu_share_milli AND n.gpu_count = o.gpu_count);
    IF hosts IS NOT NULL THEN
        PERFORM muster.refuse_device_breach(hosts, span);
    END IF;
    RETURN NULL;
END
$$;

-- A host keeps the GPUs that something is reserved on.
CREATE FUNCTION muster.guard_changed_host_devices() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    hosts bigint[];
BEGIN
    SELECT array_agg(n.host_id) INTO hosts
      FROM after_rows n
      JOIN before_rows o USING (host_id)
     WHERE (n.gpu_model, n.gpu_count) IS DISTINCT FROM (o.gpu_model, o.gpu_count);
    IF hosts IS NOT NULL THEN
        PERFORM muster.touch_hosts(hosts);
        PERFORM muster.refuse_device_breach(hosts, tstzrange(NULL, NULL));
    END IF;
    RETURN NULL;
END
$$;

-- Triggers of one event fire in the order of their names: these after reservation_guards_insert and _update, which have
-- locked the hosts and marked them changed by then.
CREATE TRIGGER reservation_guards_insert_devices AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_new_device_reservations();
CREATE TRIGGER reservation_guards_update_devices AFTER UPDATE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_changed_device_reservations();
CREATE TRIGGER host_guards_update_devices AFTER UPDATE ON muster.host
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_changed_host_devices();

-- The spec for a person, with a share as a part of one: 0.5xG2.
CREATE FUNCTION muster.spec_text(
    kind text, vcpu_milli bigint, memory_mib bigint, gpu_model text, gpu_count bigint, gpu_share_milli bigint
) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT kind || ' ' || trim_scale(vcpu_milli / 1000.0) || 'C '
        || CASE WHEN memory_mib % 1024 = 0 THEN memory_mib / 1024 || 'GiB' ELSE memory_mib || 'MiB' END
        || CASE WHEN gpu_count + gpu_share_milli > 0
                THEN ' ' || trim_scale(gpu_count + gpu_share_milli / 1000.0) || 'x' || coalesce(gpu_model, 'GPU')
                ELSE '' END
    $$;

CREATE OR REPLACE VIEW report.billing_by_order AS
SELECT l.order_id, t.name AS tenant, o.name,
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.gpu_share_milli) AS spec,
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
 GROUP BY l.order_id, t.name, o.name, o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.gpu_share_milli,
          o.window_start, o.window_end, o.state, l.currency;

-- Days are those of the price book's zone. Each day's amount is the difference of the rounded running sums, so that the
-- days of an order add up to its bill exactly.
CREATE OR REPLACE VIEW report.billing_by_day AS
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
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.gpu_share_milli) AS spec,
       sum(x.instance_seconds)::bigint AS instance_seconds, x.currency,
       sum(muster.amount_micro(x.so_far, x.instance_hour_micro)
         - muster.amount_micro(x.so_far - x.instance_seconds, x.instance_hour_micro))::bigint AS amount_micro
  FROM running x
  JOIN muster."order" o ON o.order_id = x.order_id
  JOIN muster.tenant t ON t.tenant_id = x.tenant_id
 GROUP BY t.name, x.day, 3, x.currency;

CREATE OR REPLACE VIEW report.orders AS
SELECT o.order_id, t.name AS tenant, o.name, o.state, o.created_at, o.window_start, o.window_end,
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.gpu_share_milli) AS spec,
       o.requested_count, o.reserved_count, o.waiting_count, o.refused_count,
       o.planned_count, o.assigned_count, o.starting_count, o.ready_count, o.releasing_count, o.released_count,
       o.failed_count
  FROM muster."order" o
  JOIN muster.tenant t USING (tenant_id);

DROP FUNCTION muster.spec_text(text, bigint, bigint, text, bigint);

-- gpu_count counts devices: reserved is one that anything is on, free one that nothing is on. gpu_milli counts thousandths
-- of devices, so that shares are seen as well.
CREATE OR REPLACE FUNCTION report.capacity_at(instant timestamptz)
    RETURNS TABLE (site text, province text, carrier text, resource text, allocatable bigint, reserved bigint, free bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.name, s.province, s.carrier, r.resource,
           sum(r.allocatable)::bigint, sum(r.reserved)::bigint, sum(r.allocatable - r.reserved)::bigint
      FROM muster.host h
      JOIN muster.site s USING (site_id)
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

-- Empty, always: hosts on which live reservations exceed what there is at some instant, and GPUs. Said by the held ranges
-- alone and by another road than the guard's, so that one mistake cannot hide another.
CREATE OR REPLACE VIEW report.oversold AS
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
