-- Orders that survive the loss of a site hold a spare: rows of the ledger like those of their instances, guarded like them, on
-- which nothing runs until a loss makes it wanted. A row's live count is its instances and its spare together.

ALTER TABLE muster."order"
    ADD COLUMN survive_sites integer,
    ADD CONSTRAINT order_survives_one_site CHECK (survive_sites = 1),
    -- All or nothing, and where the planner finds room: what is drawn from a hold is where that is.
    ADD CONSTRAINT order_survives_whole CHECK (survive_sites IS NULL OR policy = 'allOrNothing' AND hold_id IS NULL);

ALTER TABLE muster.reservation
    ADD COLUMN spare_count integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT reservation_spare_within CHECK (spare_count BETWEEN 0 AND live_count),
    ADD CONSTRAINT reservation_spare_of_order CHECK (spare_count = 0 OR order_id IS NOT NULL);

-- What is spare of this order? Most have none.
CREATE INDEX reservation_spare ON muster.reservation (order_id) WHERE spare_count > 0;

-- Empty, always: orders whose counts are not what their instances say, reservations whose live count is not, holds whose
-- counts are not what the ledger says, and spare that nobody can need any more.
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
       format('%s live and %s of them spare, instances say %s', r.live_count, r.spare_count, count(i.instance_id))
  FROM muster.reservation r
  LEFT JOIN muster.instance i
         ON i.reservation_id = r.reservation_id AND i.state NOT IN ('released', 'failed')
 WHERE r.order_id IS NOT NULL
 GROUP BY r.reservation_id
HAVING r.live_count - r.spare_count <> count(i.instance_id)
UNION ALL
SELECT 'hold', h.hold_id,
       format('counts say %s held, the ledger says %s', h.held_count, coalesce(sum(r.live_count), 0))
  FROM muster.hold h
  LEFT JOIN muster.reservation r USING (hold_id)
 GROUP BY h.hold_id
HAVING h.held_count <> coalesce(sum(r.live_count), 0)
UNION ALL
SELECT 'spare', o.order_id, format('%s spare of an order that is %s', sum(r.spare_count), o.state)
  FROM muster."order" o
  JOIN muster.reservation r USING (order_id)
 WHERE r.spare_count > 0 AND (o.survive_sites IS NULL OR o.state IN ('releasing', 'settled'))
 GROUP BY o.order_id;
