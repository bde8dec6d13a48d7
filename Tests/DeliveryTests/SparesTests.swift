import CapacityModel
import CapacityStore
import Placement
import Testing

@testable import Delivery

@Suite("What is spare, in numbers")
struct SparesTests {
    private static func spares(_ instances: [Int], _ spare: [Int]) -> Spares {
        let rows = spare.enumerated().map { index, count in
            let id = Int64(index)
            return SpareRow(
                reservation: id, host: HostID(rawValue: id), site: SiteID(rawValue: id), count: count, isUsable: true)
        }
        let sites = instances.enumerated().map { (SiteID(rawValue: Int64($0.offset)), $0.element) }
        return Spares(
            instances: Dictionary(uniqueKeysWithValues: sites.filter { $0.1 > 0 }), rows: rows.filter { $0.count > 0 })
    }

    @Test("what is given back leaves the least that is enough, by trying every part of it")
    func surplus() {
        for seed in 0..<500 {
            var random = SplitMix64(seed: UInt64(seed))
            let instances = (0..<3).map { _ in random.below(4) }
            let spare = (0..<3).map { _ in random.below(4) }
            let enough = Self.parts(of: spare).filter { Self.spares(instances, $0).isWhole }
                .map { $0.reduce(0, +) }.min()
            var kept = spare
            for share in Self.spares(instances, spare).surplus { kept[Int(share.reservation)] -= share.count }
            guard let enough, instances.contains(where: { $0 > 0 }) else { continue }
            #expect(kept.reduce(0, +) == enough, "seed \(seed)")
            #expect(Self.spares(instances, kept).isWhole, "seed \(seed)")
        }
    }

    private static func parts(of spare: [Int]) -> [[Int]] {
        guard let first = spare.first else { return [[]] }
        return (0...first).flatMap { count in parts(of: Array(spare.dropFirst())).map { [count] + $0 } }
    }

    @Test("nothing is delivered where one failed, at its site last, and never on a closed host")
    func choice() {
        var spares = Self.spares([], [2, 2, 2])
        let site = SiteID(rawValue: 0)
        #expect(
            spares.inPlace(of: 5, failedOn: [], at: [site])
                == [
                    SpareShare(reservation: 1, count: 2), SpareShare(reservation: 2, count: 2),
                    SpareShare(reservation: 0, count: 1),
                ])
        #expect(spares.inPlace(of: 5, failedOn: [HostID(rawValue: 0)], at: [site]).map(\.reservation) == [1, 2])
        spares = Spares(
            instances: [:],
            rows: spares.rows.map { row in
                var row = row
                row.isUsable = row.reservation != 1
                return row
            })
        #expect(spares.inPlace(of: 1, failedOn: [], at: [site]) == [SpareShare(reservation: 2, count: 1)])
        #expect(!Spares(instances: [SiteID(rawValue: 1): 5], rows: spares.rows).isWhole)
    }
}
