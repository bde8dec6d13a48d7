import CapacityModel
import FoundationEssentials
import Placement
import Testing

/// What whole demands are answered on fleets of many sites, as digests: one for the verdict, one for what is proposed instead,
/// one for the explanation.
///
/// Each process hashes by a seed of its own, so an order that comes out of a set or a dictionary differs from one run to the
/// next: the file was written by another process. `GOLDEN=write` rewrites it.
@Suite("Verdicts of every kind")
struct GoldenVerdictTests {
    @Test("are the same, byte for byte, in whichever process and on whichever machine they are made")
    func digests() throws {
        let lines = (0..<16).map { line(seed: UInt64($0)) }.joined()
        let path = "PlacementTests/Golden/verdicts.txt"
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try lines.write(toFile: testFile(path), atomically: true, encoding: .utf8)
        }
        #expect(try lines == readTestFile(path))
    }

    private func line(seed: UInt64) -> String {
        var random = SplitMix64(seed: seed)
        var whole = WholeDemand(random: &random)
        // Two fleets in three have more sites than are looked at one by one.
        if seed % 3 > 0 { whole.fleet.addSites(70, random: &random) }
        whole.demand.count += random.below(30)
        whole.demand.shareBase = whole.demand.count
        if random.below(3) == 0 { whole.demand.leastAcceptable = whole.demand.count }
        if random.below(3) == 0 {
            whole.demand.preference = SitePreference(
                Preference(price: 0.2, latency: 0.5, spread: 0.3, nearProvince: "44"), hourMicro: [.east: 3, .north: 2])
        }
        if random.below(2) == 0 {
            (whole.demand.survives, whole.demand.leastAcceptable) = (Survival(), whole.demand.count)
        }
        for index in whole.demand.neighbours.indices where random.below(2) == 0 {
            whole.demand.neighbours[index].affinity.whenUnsatisfiable = .relax
        }
        let (demand, inventory) = (whole.demand, whole.inventory)
        let verdict = place(demand, on: inventory)
        let proposals = counterProposals(for: demand, on: inventory, notLaterThan: .hour(72))
        var explained = "\(explain(demand, on: inventory))"
        if case .placed(let plan, _) = verdict { explained += "\(explain(plan, of: demand, on: inventory))" }
        let rows = whole.fleet.reservations.map { MovableReservation($0, owner: $0.id % 5) }
        return "\(seed) \(brief(verdict)) \(digest("\(verdict)")) \(digest("\(proposals)")) \(digest(explained)) "
            + "\(digest("\(proposeMoves(of: rows, on: inventory))"))\n"
    }

    private func brief(_ verdict: Verdict) -> String {
        switch verdict {
        case .placed(let plan, let missing): "placed \(plan.count)+\(plan.spareCount) missing \(missing)"
        case .short(let shortage): "short \(shortage.missing)"
        }
    }

    /// FNV-1a of the text, in hexadecimal digits.
    private func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

extension TinyFleet {
    fileprivate mutating func addSites(_ count: Int, random: inout SplitMix64) {
        let cities = ["1101", "1201", "3101", "3201", "3202", "4401", "4403", "5101", "6101"]
        let carriers: [Carrier] = [.telecom, .unicom, .mobile]
        for index in 0..<count {
            add(
                "m\(index)", city: cities[random.below(cities.count)], carrier: carriers[random.below(3)],
                capabilities: random.below(2) == 0 ? ["l7lb"] : [],
                cores: (0...random.below(3)).map { _ in 1 + random.below(40) })
        }
        for host in hosts.indices {
            hosts[host].allocatable.diskGiB = 100
            hosts[host].allocatable.bandwidthMbps = 1_000
            if random.below(2) == 0 { reserve(hosts[host].name, hours: 9..<(10 + random.below(9)), cores: 1) }
        }
    }
}
