import CapacityModel
import Placement
import Testing

@Suite("Re-packing what has not begun")
struct RepackingTests {
    private static let large = Resources(vcpuMilli: 32_000, memoryMiB: 96 * 1_024)

    @Test("two halves of a host come together, which wins a large slot for as long and empties the other")
    func halves() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [32, 32, 32])
        fleet.reserve("s-h1", hours: 10..<14, cores: 16)
        fleet.reserve("s-h3", hours: 12..<20, cores: 12)
        let repacking = proposeMoves(of: fleet.movable(), on: fleet.inventory)
        let move = try #require(repacking.moves.first)
        #expect(repacking.moves.count == 1 && move.reservation.id == 2)
        #expect(move.reservation.host == fleet.hosts[2].id && move.to == fleet.hosts[0].id)
        // Its slot comes back for eight hours, and goes on the other host for the six after that one is free.
        #expect(repacking.slotSecondsWon == 2 * 3_600)
        #expect(repacking.hostsEmptied == 1)
    }

    @Test("what is not movable, of the same owner, on another site or with a GPU stays where it is")
    func fixed() {
        var fleet = TinyFleet()
        fleet.add("a", cores: [32, 32])
        fleet.add("b", city: "3101", cores: [32])
        fleet.reserve("a-h1", hours: 10..<14, cores: 8)
        fleet.reserve("a-h2", hours: 10..<14, cores: 8)
        fleet.reserve("b-h1", hours: 10..<14, cores: 8)
        #expect(proposeMoves(of: fleet.movable(), on: fleet.inventory).moves.count == 1)
        #expect(proposeMoves(of: [], on: fleet.inventory) == Repacking())
        let oneOwner = fleet.movable().map { MovableReservation($0.reservation, owner: 7) }
        #expect(proposeMoves(of: oneOwner, on: fleet.inventory) == Repacking())
        var withGPU = fleet.movable()
        for index in withGPU.indices { withGPU[index].reservation.amounts.gpuCount = 1 }
        #expect(proposeMoves(of: withGPU, on: fleet.inventory) == Repacking())
    }

    @Test("no more moves than asked for, and none without a budget")
    func limits() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [Int](repeating: 32, count: 12))
        for number in 1...12 { fleet.reserve("s-h\(number)", hours: 10..<14, cores: 5) }
        let (movable, inventory) = (fleet.movable(), fleet.inventory)
        #expect(proposeMoves(of: movable, on: inventory).hostsEmptied == 10)
        let three = proposeMoves(of: movable, on: inventory, limits: RepackingLimits(moves: 3))
        #expect(three.moves.count == 3 && three.hostsEmptied == 3)
        #expect(proposeMoves(of: movable, on: inventory, limits: RepackingLimits(attempts: 0)) == Repacking())
    }

    @Test("on any fleet: after each move all fits, the gain is what is counted, and rows in any order give the same")
    func properties() {
        var (moved, won) = (0, 0)
        for seed in 0..<1_500 {
            var random = SplitMix64(seed: UInt64(seed) &+ 8_000_000)
            let fleet = TinyFleet(slotted: &random)
            let movable = fleet.movable { row in Int64(row.id) % 3 }.filter { _ in random.below(4) > 0 }
            let repacking = proposeMoves(of: movable, on: fleet.inventory)
            let faults = RepackingChecker(fleet: fleet, movable: movable, large: Self.large).faults(of: repacking)
            #expect(faults.isEmpty, "seed \(seed)")
            (moved, won) = (moved + repacking.moves.count, won + (repacking.slotSecondsWon > 0 ? 1 : 0))

            var shuffled = fleet
            shuffled.hosts.shuffle(using: &random)
            shuffled.reservations.shuffle(using: &random)
            let again = proposeMoves(of: movable.shuffled(using: &random), on: shuffled.inventory)
            #expect(again == repacking, "seed \(seed)")
        }
        #expect(moved > 300 && won > 200)
    }

    @Test("where a single reservation may move, it moves to where that wins most, or stays where nothing is won")
    func oracle() {
        for seed in 0..<1_500 {
            var random = SplitMix64(seed: UInt64(seed) &+ 9_000_000)
            let fleet = TinyFleet(slotted: &random)
            guard let row = fleet.reservations.first else { continue }
            let movable = [MovableReservation(row, owner: 1)]
            let checker = RepackingChecker(fleet: fleet, movable: movable, large: Self.large)
            let most = fleet.hosts.compactMap { checker.gain(ofMoving: row, to: $0.id) }.max() ?? 0
            #expect(proposeMoves(of: movable, on: fleet.inventory).slotSecondsWon == max(0, most), "seed \(seed)")
        }
    }
}

extension TinyFleet {
    /// All rows, each of an owner of its own where nothing else is said.
    fileprivate func movable(owner: (InventoryReservation) -> Int64 = { $0.id }) -> [MovableReservation] {
        reservations.map { MovableReservation($0, owner: owner($0)) }
    }
}
