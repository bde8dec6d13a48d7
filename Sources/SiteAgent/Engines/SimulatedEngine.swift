package import CapacityAPI
package import Logging
import Synchronization

/// An engine of size: instances are entries in a table, addresses are made up, nothing touches the network.
///
/// It keeps which GPUs each instance is on, and warns where they are more than a device has: the ledger does not let that
/// happen, so one of the two is wrong, or an instance was stopped later than its grace.
package final class SimulatedEngine: Engine {
    package struct Settings: Equatable, Sendable {
        package var startDelay: Duration
        package var stopDelay: Duration
        /// The share of starts that fail, from 0 to 1.
        package var failureShare: Double
        /// Which starts fail follows from this and the instance's id alone, whatever the order of calls.
        package var seed: UInt64
        package var concurrency: Int

        package init(
            startDelay: Duration = .zero, stopDelay: Duration = .zero, failureShare: Double = 0, seed: UInt64 = 1,
            concurrency: Int = 20_000
        ) {
            self.startDelay = startDelay
            self.stopDelay = stopDelay
            self.failureShare = failureShare
            self.seed = seed
            self.concurrency = concurrency
        }
    }

    package let name = "simulated"
    package var concurrency: Int { settings.concurrency }

    private let settings: Settings
    private let timekeeper: any Timekeeper
    private let logger: Logger
    private let table = Mutex(Table())
    private let addressesGiven = Atomic<UInt32>(0)

    package init(settings: Settings, timekeeper: any Timekeeper, logger: Logger) {
        self.settings = settings
        self.timekeeper = timekeeper
        self.logger = logger
    }

    package func start(
        _ assignment: AgentWire.Assignment,
        at site: String
    ) async throws(EngineFailure) -> String? {
        try await pause(settings.startDelay)
        if fails(assignment.instance) {
            throw .refused("simulated failure of the start")
        }
        let address = nextAddress()
        let existing = Existing(assignment, at: site, state: .running(address: address))
        let overfull = table.withLock { $0.add(existing) }
        for device in overfull {
            logger.warning(
                "A GPU has more on it than it has",
                metadata: [
                    "site": "\(device.site)", "host": "\(device.host)", "device": "\(device.device)",
                    "milli": "\(device.milli)", "instances": "\(device.instances)",
                ])
        }
        return address
    }

    package func stop(_ instance: String, grace: Duration) async throws(EngineFailure) -> Halt {
        try await pause(settings.stopDelay)
        table.withLock { $0.remove(instance) }
        return .gone
    }

    package func list() async throws(EngineFailure) -> [Existing] {
        table.withLock { Array($0.instances.values) }
    }

    /// Takes the agent's word for what ran: the table died with the process that held it.
    package func recall(_ instances: [Existing]) async {
        table.withLock { table in
            for instance in instances { _ = table.add(instance) }
        }
    }

    private func pause(_ delay: Duration) async throws(EngineFailure) {
        guard delay > .zero else { return }
        do {
            try await timekeeper.sleep(for: delay)
        } catch {
            throw .unreachable("the agent is stopping")
        }
    }

    /// A number from 0 to 1 that seed and instance decide (FNV-1a, then one round of SplitMix64), against the share.
    private func fails(_ instance: String) -> Bool {
        guard settings.failureShare > 0 else { return false }
        var mixed: UInt64 = 0xcbf2_9ce4_8422_2325 ^ settings.seed
        for byte in instance.utf8 { mixed = (mixed ^ UInt64(byte)) &* 0x100_0000_01b3 }
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Double(mixed >> 11) / Double(1 << 53) < settings.failureShare
    }

    /// The next address of 100.64.0.0/10, the range set aside for carriers' own networks.
    private func nextAddress() -> String {
        let number = addressesGiven.add(1, ordering: .relaxed).newValue % (1 << 22)
        let address = (UInt32(100) << 24 | UInt32(64) << 16) + number
        return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }
}

/// What there is, and what of it has GPUs, by host.
private struct Table {
    private struct Place: Hashable {
        var site: String
        var host: String
    }

    private(set) var instances: [String: Existing] = [:]
    private var withGPUs: [Place: Set<String>] = [:]

    /// The GPUs of the new instance that have more on them than a device has, now that it is there.
    mutating func add(_ new: Existing) -> [DeviceOccupancy] {
        remove(new.instance)
        instances[new.instance] = new
        guard let gpus = new.gpus else { return [] }
        let place = Place(site: new.site, host: new.host)
        withGPUs[place, default: []].insert(new.instance)
        let there = withGPUs[place, default: []].compactMap { instances[$0] }
        return there.deviceOccupancy.filter { $0.isOverfull && gpus.devices.contains($0.device) }
    }

    mutating func remove(_ instance: String) {
        guard let gone = instances.removeValue(forKey: instance), gone.gpus != nil else { return }
        let place = Place(site: gone.site, host: gone.host)
        withGPUs[place]?.remove(instance)
        if withGPUs[place]?.isEmpty == true { withGPUs[place] = nil }
    }
}
