-- Capacity an order holds as spare earns nothing while nobody needs it. What it is and what it costs the customer stands with
-- the order, so that whoever reads the books need not know of reservations.

CREATE OR REPLACE VIEW report.orders AS
SELECT o.order_id, t.name AS tenant, o.name, o.state, o.created_at, o.window_start, o.window_end,
       muster.spec_text(o.kind, o.vcpu_milli, o.memory_mib, o.gpu_model, o.gpu_count, o.gpu_share_milli) AS spec,
       o.requested_count, o.reserved_count, o.waiting_count, o.refused_count,
       o.planned_count, o.assigned_count, o.starting_count, o.ready_count, o.releasing_count, o.released_count,
       o.failed_count,
       -- Instances' worth of capacity held now beside what is reserved, and given back when the order ends.
       coalesce(CASE WHEN o.survive_sites IS NOT NULL
                     THEN (SELECT sum(r.spare_count)::integer FROM muster.reservation r
                            WHERE r.order_id = o.order_id AND r.spare_count > 0) END, 0) AS spare_count,
       -- What of the order's bill is for its spare: nothing. Price books have no rate for what does not run.
       0::bigint AS spare_amount_micro
  FROM muster."order" o
  JOIN muster.tenant t USING (tenant_id);
