import CapacityModel

/// What one writer asked of the ledger, and what it said.
struct LedgerAnswer: Sendable {
    enum Question: Sendable {
        case take(order: Int64, Take)
        /// Give back all that an order has.
        case give(order: Int64)
        case moveEnd(order: Int64, to: Instant)
    }

    /// What an order takes: so many of `unit` on each host, throughout `held`.
    struct Take: Sendable {
        var unit: Resources
        var counts: [HostID: Int]
        var held: Window
        /// The GPUs that each of the count is on, by index, the same on every host.
        var devices: [Int] = []

        func on(_ host: HostID) -> Taken {
            Taken(held: held, amounts: unit * counts[host, default: 0], devices: devices)
        }
    }

    /// What it takes on one of its hosts.
    struct Taken: Sendable {
        var held: Window
        var amounts: Resources
        var devices: [Int]

        /// What it takes of one of its devices, in thousandths.
        var milli: Int64 {
            amounts.gpuShareMilli > 0 ? amounts.gpuShareMilli : amounts.gpuCount * 1_000 / Int64(max(1, devices.count))
        }
    }

    /// Its place among all that was asked of the same hosts.
    var ticket: Int64
    var question: Question
    var isGranted: Bool
}

/// One host after the other, one question after the other: what a ledger says that serves everybody in turn.
///
/// Knows nothing of SQL, and sums what is taken at every instant in the plainest way there is.
struct SerialOracle {
    /// Answers it would not have given.
    struct Verdict: Sendable {
        var wrongGrants: [LedgerAnswer] = []
        var wrongRefusals: [LedgerAnswer] = []
        /// How many rightful refusals each resource has caused.
        var bound: [String: Int] = [:]
    }

    private let fleet: [HostID: Resources]
    private var taken: [HostID: [Int64: LedgerAnswer.Taken]] = [:]
    private var orders: [Int64: LedgerAnswer.Take] = [:]
    private(set) var verdict = Verdict()

    init(fleet: [HostID: Resources]) {
        self.fleet = fleet
    }

    /// Judges `answers` in the order of their tickets.
    static func verdict(on answers: [LedgerAnswer], fleet: [HostID: Resources]) -> Verdict {
        var oracle = SerialOracle(fleet: fleet)
        for answer in answers.sorted(by: { $0.ticket < $1.ticket }) { oracle.judge(answer) }
        return oracle.verdict
    }

    private mutating func judge(_ answer: LedgerAnswer) {
        let order: Int64
        var take: LedgerAnswer.Take?
        switch answer.question {
        case .take(let id, let wanted):
            order = id
            take = wanted
        case .give(let id):
            order = id
        case .moveEnd(let id, let end):
            order = id
            take = orders[id]
            take?.held.end = end
        }
        switch (answer.isGranted, take.flatMap { shortage(of: $0, besides: order) }) {
        case (true, nil): put(take, for: order)
        case (true, _?):
            verdict.wrongGrants.append(answer)
            put(take, for: order)
        case (false, let resource?): verdict.bound[resource, default: 0] += 1
        case (false, nil): verdict.wrongRefusals.append(answer)
        }
    }

    private mutating func put(_ take: LedgerAnswer.Take?, for order: Int64) {
        for host in (orders[order]?.counts ?? [:]).keys { taken[host]?[order] = nil }
        orders[order] = take
        guard let take else { return }
        for host in take.counts.keys { taken[host, default: [:]][order] = take.on(host) }
    }

    /// The resource of which one of the hosts has too little at some instant, if any.
    private func shortage(of take: LedgerAnswer.Take, besides order: Int64) -> String? {
        take.counts.keys.lazy.compactMap { shortage(of: take, on: $0, besides: order) }.first
    }

    /// The resource of which `host` has too little at some instant, if any.
    ///
    /// What is taken only rises where something begins, so the beginnings are all the instants there are to look at.
    private func shortage(of take: LedgerAnswer.Take, on host: HostID, besides order: Int64) -> String? {
        guard let all = fleet[host] else { return "host" }
        if !take.devices.isEmpty, take.unit.gpuModel != all.gpuModel { return "gpuModel" }
        let wanted = take.on(host)
        let others = (taken[host] ?? [:]).filter { $0.key != order && $0.value.held.overlaps(take.held) }.map(\.value)
        let beginnings = [take.held.start] + others.map(\.held.start).filter { take.held.contains($0) }
        for instant in beginnings {
            let others = others.filter { $0.held.contains(instant) }
            var sum = wanted.amounts
            for other in others { sum += other.amounts }
            if sum.vcpuMilli > all.vcpuMilli { return "vcpu" }
            if sum.memoryMiB > all.memoryMiB { return "memory" }
            if sum.diskGiB > all.diskGiB { return "disk" }
            if sum.bandwidthMbps > all.bandwidthMbps { return "bandwidth" }
            for device in wanted.devices {
                let milli = others.filter { $0.devices.contains(device) }.reduce(wanted.milli) { $0 + $1.milli }
                if milli > 1_000 { return wanted.amounts.gpuShareMilli > 0 ? "gpuShare" : "gpu" }
            }
        }
        return nil
    }
}
