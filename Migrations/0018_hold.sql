-- Capacity a customer takes without deploying anything on it yet. A hold's rows of the ledger are like an order's, so the
-- same guard refuses whatever would not fit beside them.

CREATE TABLE muster.hold (
    hold_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       bigint      NOT NULL REFERENCES muster.tenant,
    name            text,
    state           text        NOT NULL DEFAULT 'held',
    state_since     timestamptz NOT NULL DEFAULT muster.now(),
    created_at      timestamptz NOT NULL DEFAULT muster.now(),

    vcpu_milli      bigint      NOT NULL,
    memory_mib      bigint      NOT NULL,
    disk_gib        bigint      NOT NULL,
    bandwidth_mbps  bigint      NOT NULL,
    gpu_model       text,
    gpu_count       bigint      NOT NULL,

    scope           jsonb       NOT NULL,
    spread          jsonb       NOT NULL,
    relaxed         jsonb       NOT NULL,
    window_start    timestamptz NOT NULL,
    window_end      timestamptz NOT NULL,
    lead_seconds    integer     NOT NULL,
    grace_seconds   integer     NOT NULL,
    -- Whatever is still held then is released.
    expires_at      timestamptz NOT NULL,

    requested_count integer     NOT NULL,
    held_count      integer     NOT NULL,
    released_count  integer     NOT NULL DEFAULT 0,

    CONSTRAINT hold_state_known CHECK (state IN ('held', 'released', 'expired')),
    CONSTRAINT hold_window_forward CHECK (window_start < window_end),
    CONSTRAINT hold_expires_within_window CHECK (expires_at BETWEEN window_start AND window_end),
    CONSTRAINT hold_requested_positive CHECK (requested_count > 0),
    CONSTRAINT hold_counts_not_negative CHECK (least(held_count, released_count) >= 0),
    CONSTRAINT hold_counts_balance CHECK (requested_count = held_count + released_count),
    CONSTRAINT hold_is_held_while_any_is CHECK ((state = 'held') = (held_count > 0))
);

CREATE INDEX hold_of_tenant ON muster.hold (tenant_id, hold_id DESC);
-- Whose time is over? The sweep asks for these only.
CREATE INDEX hold_expiring ON muster.hold (expires_at) WHERE state = 'held';

-- A row of the ledger is an order's or a hold's. A hold's live count is what it still holds on that host.
ALTER TABLE muster.reservation
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN hold_id bigint REFERENCES muster.hold,
    ADD CONSTRAINT reservation_of_order_or_hold CHECK (num_nonnulls(order_id, hold_id) = 1);

CREATE INDEX reservation_of_hold ON muster.reservation (hold_id) WHERE hold_id IS NOT NULL;

-- A key makes one thing, whichever of the two.
ALTER TABLE muster.idempotency
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN hold_id bigint REFERENCES muster.hold,
    ADD CONSTRAINT idempotency_of_order_or_hold CHECK (num_nonnulls(order_id, hold_id) = 1);

-- Empty, always: orders whose counts are not what their instances say, reservations whose live count is not, and holds whose
-- counts are not what the ledger says.
CREATE OR REPLACE VIEW report.unbalanced AS
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
 WHERE r.order_id IS NOT NULL
 GROUP BY r.reservation_id
HAVING r.live_count <> count(i.instance_id)
UNION ALL
SELECT 'hold', h.hold_id,
       format('counts say %s held, the ledger says %s', h.held_count, coalesce(sum(r.live_count), 0))
  FROM muster.hold h
  LEFT JOIN muster.reservation r USING (hold_id)
 GROUP BY h.hold_id
HAVING h.held_count <> coalesce(sum(r.live_count), 0);
