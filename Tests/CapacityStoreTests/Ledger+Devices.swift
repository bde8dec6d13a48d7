import CapacityModel
import CapacityStore
import Postgres

/// What a test takes of a host's GPUs, past every planner.
struct Taking: Sendable {
    var devices: [Int16]
    /// Of one device; 0 takes the devices whole.
    var share: Int64 = 0
    var count = 1
    var model = "G2"
    var host = 0
}

extension Ledger {
    /// Takes devices for `[start, end)` seconds, and one hundredth of a core with them.
    func take(
        _ taking: Taking, from start: Int64, to end: Int64, at isolation: Isolation = .readCommitted
    ) async throws(StoreError) {
        let (order, host) = (order.rawValue, hosts[taking.host].rawValue)
        let (from, until) = ((Self.epoch + .seconds(start)).postgres, (Self.epoch + .seconds(end)).postgres)
        let whole = taking.share > 0 ? 0 : taking.devices.count
        do {
            _ = try await store.pool.transaction(isolation: isolation, attempts: 20) { session in
                try session.execute(
                    """
                    INSERT INTO muster.reservation
                        (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                         bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices)
                    VALUES (\(order), \(host), tstzrange(\(from), \(until)), \(taking.count), \(taking.count), 10, 1, 0, 0,
                            \(taking.model), \(whole), \(taking.share), \(taking.devices))
                    """
                )
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the database took it; any error but its refusal is thrown.
    func takes(_ taking: Taking, from start: Int64, to end: Int64) async throws -> Bool {
        do {
            try await take(taking, from: start, to: end)
            return true
        } catch .oversold {
            return false
        }
    }
}
