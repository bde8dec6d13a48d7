-- Who waits for capacity, first come, first served? Every planner asks before every answer, and mostly nobody does.

CREATE INDEX order_waiting ON muster."order" (order_id)
    WHERE waiting_count > 0 AND state IN ('accepted', 'delivering', 'active');
