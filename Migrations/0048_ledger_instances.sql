-- Planners see how many instances a row of the ledger is for: two halves of a GPU are another demand than one whole, and
-- what is asked for decides where the next instances do least harm.

-- As before, with live_count.
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
       live_count * CASE WHEN gpu_share_milli > 0 THEN gpu_share_milli ELSE 1000 END AS gpu_device_milli,
       added_xid, live_count
  FROM muster.reservation
 WHERE live_count > 0;
