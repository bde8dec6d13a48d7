-- What each view of the public SQL contract answers, for people who look with psql (\dv+ report.*) and do not have these
-- files.
COMMENT ON SCHEMA report IS
    'Views for people and BI tools; stable. order_id 7 is ord-7 elsewhere; amount_micro is in millionths of the currency,'
    ' vcpu_milli in thousandths of a core.';
COMMENT ON VIEW report.orders IS 'Every order with its window, size and counts: requested = reserved + waiting + refused.';
COMMENT ON VIEW report.billing_by_order IS
    'What each order has cost until now, to the second; of one that runs, until this moment.';
COMMENT ON VIEW report.billing_by_day IS
    'The same by tenant, size and day of the price book''s zone. The days of an order add up to its bill exactly.';
COMMENT ON VIEW report.release IS
    'How each order that reached its end was released. Lag is from the window''s end to the confirmed stop; leaked are'
    ' instances not confirmed stopped although window and grace have passed.';
COMMENT ON VIEW report.capacity_now IS
    'Each site and resource: what may be reserved, is reserved now, and is free. What is closed is not free.';
COMMENT ON FUNCTION report.capacity_at(timestamptz) IS 'As report.capacity_now, at any instant.';
COMMENT ON VIEW report.oversold IS 'Always empty: hosts on which live reservations exceed what there is at some instant.';
COMMENT ON VIEW report.unbalanced IS
    'Always empty: orders whose counts are not what their instances say, and reservations whose live count is not.';
COMMENT ON VIEW report.quota IS
    'What tenants may have at most, what they have of it now, and the most they will have by what is reserved.';
COMMENT ON VIEW report.headroom IS
    'What is protected at each site for which class of tenants, what that class uses of it, and the most that others'
    ' still use.';
COMMENT ON VIEW report.repack IS 'Proposals to bring free room together, and what each would win. Nothing is moved by them.';
COMMENT ON VIEW report.repack_move IS 'The moves of the newest proposal, in the order in which they would be made.';
