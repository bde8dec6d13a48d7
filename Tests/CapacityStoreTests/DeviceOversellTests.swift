import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The database refuses to oversell a GPU", .freshDatabase, .timeLimit(.minutes(5)))
struct DeviceOversellTests {
    @Test("two halves share a device at every instant, three do not at any, and 0.6 twice needs two devices")
    func shares() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 2)
        #expect(try await ledger.takes(Taking(devices: [0], share: 500), from: 0, to: 100))
        #expect(try await ledger.takes(Taking(devices: [0], share: 500), from: 50, to: 150))
        #expect(try await !ledger.takes(Taking(devices: [0], share: 1), from: 99, to: 101), "one second of both")
        #expect(try await ledger.takes(Taking(devices: [0], share: 500), from: 100, to: 200))
        #expect(try await !ledger.takes(Taking(devices: [1], share: 500, count: 3), from: 0, to: 1))
        #expect(try await ledger.takes(Taking(devices: [1], share: 600), from: 0, to: 100))
        #expect(
            try await !ledger.takes(Taking(devices: [1], share: 600), from: 0, to: 100), "0.4 of each device are free")
        #expect(try await ledger.takes(Taking(devices: [1], share: 200, count: 2), from: 0, to: 100))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("a whole device needs one on which nothing is at any instant, and nothing comes beside it")
    func whole() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 4)
        #expect(try await ledger.takes(Taking(devices: [0], share: 1), from: 50, to: 51))
        #expect(try await !ledger.takes(Taking(devices: [0]), from: 0, to: 100))
        #expect(try await ledger.takes(Taking(devices: [0]), from: 51, to: 100))
        #expect(try await ledger.takes(Taking(devices: [1, 2]), from: 0, to: 100))
        #expect(try await !ledger.takes(Taking(devices: [2, 3]), from: 99, to: 200))
        #expect(try await !ledger.takes(Taking(devices: [2], share: 1), from: 0, to: 1))
        #expect(try await !ledger.takes(Taking(devices: [3], count: 2), from: 0, to: 1), "each has it for itself")
        #expect(try await ledger.oversold() == 0)
    }

    @Test("devices that are not there, twice the same, another model, or fewer than the spec has are refused")
    func wrongDevices() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 2)
        #expect(try await !ledger.takes(Taking(devices: [2]), from: 0, to: 1))
        #expect(try await !ledger.takes(Taking(devices: [1, 1]), from: 0, to: 1))
        #expect(try await !ledger.takes(Taking(devices: [0], share: 500, model: "G3"), from: 0, to: 1))
        for devices: [Int16] in [[], [0, 1], [-1]] {
            await #expect(throws: StoreError.self) {
                try await ledger.take(Taking(devices: devices, share: 500), from: 0, to: 1)
            }
        }
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.reservation").isEmpty)
    }

    @Test("a reservation may not grow, lengthen or move to another device where there is no room")
    func growing() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 2)
        try await ledger.take(Taking(devices: [0], share: 300), from: 0, to: 100)
        try await ledger.take(Taking(devices: [0], share: 400), from: 0, to: 100)
        try await ledger.take(Taking(devices: [0], share: 800), from: 100, to: 200)
        try await ledger.take(Taking(devices: [1], share: 701), from: 0, to: 100)
        let pool = ledger.store.pool
        func refused(_ change: Statement) async -> Bool {
            do {
                try await pool.execute(
                    "UPDATE muster.reservation SET \(statement: change) WHERE gpu_share_milli = 300")
                return false
            } catch {
                return StoreError(error).isOversold
            }
        }
        #expect(await refused("instance_count = 3, live_count = 3"))
        #expect(await refused("gpu_share_milli = 601"))
        #expect(await refused("gpu_share_milli = 0, gpu_count = 1"))
        #expect(await refused("gpu_devices = '{1}'"))
        #expect(await refused("gpu_model = 'G3'"))
        #expect(await refused("held = tstzrange(lower(held), upper(held) + interval '1 second')"))
        #expect(await !refused("held = tstzrange(lower(held), upper(held) - interval '1 second')"))
        #expect(await !refused("gpu_devices = '{1}', gpu_share_milli = 299"))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("a host keeps the GPUs that something is reserved on")
    func changingHost() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 4)
        try await ledger.take(Taking(devices: [2], share: 100), from: 0, to: 100)
        let pool = ledger.store.pool
        for change: Statement in ["gpu_count = 2", "gpu_model = 'G3'", "gpu_model = NULL, gpu_count = 0"] {
            await #expect(throws: PostgresError.self) {
                try await pool.execute("UPDATE muster.host SET \(statement: change)")
            }
        }
        try await pool.execute("UPDATE muster.host SET gpu_count = 3")
        try await pool.execute("UPDATE muster.reservation SET live_count = 0, released_at = muster.now()")
        try await pool.execute("UPDATE muster.host SET gpu_count = 1, gpu_model = 'G3'")
    }

    @Test("with the guard taken out, what it would have refused is shown")
    func withoutGuard() async throws {
        let ledger = try await Ledger.open(hosts: 1, gpus: 2)
        try await ledger.store.pool.execute("DROP TRIGGER reservation_guards_insert_devices ON muster.reservation")
        try await ledger.take(Taking(devices: [1], share: 600), from: 0, to: 100)
        try await ledger.take(Taking(devices: [1], share: 600), from: 99, to: 200)
        try await ledger.take(Taking(devices: [7], share: 100), from: 0, to: 100)
        let rows = try await ledger.store.pool.rows(
            "SELECT resource, reserved, allocatable FROM report.oversold ORDER BY resource")
        #expect(
            try rows.map { try $0.decode("resource", as: String.self) } == [
                "gpu_milli of device 1", "gpu_milli of device 7",
            ])
        #expect(try rows.map { try $0.decode("reserved", as: Int.self) } == [1_200, 100])
        #expect(try rows.map { try $0.decode("allocatable", as: Int.self) } == [1_000, 0])
    }

    @Test("writers at every isolation level, all on the same devices, never oversell one together")
    func concurrentWriters() async throws {
        let ledger = try await Ledger.open(hosts: 2, gpus: 3)
        let seed = UInt64.random(in: 0..<1_000_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var random = Lottery(state: seed &+ UInt64(writer) &* 7_919)
                    for _ in 0..<60 {
                        var taking = Taking(devices: [Int16(random.next(below: 3))], host: random.next(below: 2))
                        if random.next(below: 4) > 0 { taking.share = [250, 334, 500, 600][random.next(below: 4)] }
                        if taking.share == 250 { taking.count = 1 + random.next(below: 2) }
                        if taking.share == 0, random.next(below: 2) == 0 { taking.devices = [0, 2] }
                        let start = Int64(random.next(below: 40))
                        let isolation = Isolation.allCases[random.next(below: Isolation.allCases.count)]
                        do throws(StoreError) {
                            try await ledger.take(
                                taking, from: start, to: start + 1 + Int64(random.next(below: 10)), at: isolation)
                        } catch {
                            switch error {
                            case .oversold, .retryable: continue
                            case .broken(let cause) where cause.isOfSnapshot: continue
                            case .stale, .quotaExceeded, .waitingListFull, .broken: throw error
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await ledger.oversold() == 0, "seed \(seed)")
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.reservation").count > 20, "seed \(seed)")
    }

    @Test("capacity counts devices that anything is on, and thousandths of them")
    func capacity() async throws {
        let ledger = try await Ledger.open(hosts: 2, gpus: 4)
        try await ledger.take(Taking(devices: [0], share: 250, count: 2), from: 0, to: 100)
        try await ledger.take(Taking(devices: [0], share: 300), from: 0, to: 100)
        try await ledger.take(Taking(devices: [1, 3], host: 1), from: 50, to: 100)
        for (second, devices, milli) in [(0, 1, 800), (50, 3, 2_800), (100, 0, 0)] {
            let at = (Ledger.epoch + .seconds(second)).postgres
            let rows = try await ledger.store.pool.rows(
                """
                SELECT resource, allocatable, reserved, free FROM report.capacity_at(\(at))
                 WHERE resource LIKE 'gpu%' ORDER BY resource
                """
            )
            #expect(try rows.map { try $0.decode("reserved", as: Int.self) } == [devices, milli])
            #expect(try rows.map { try $0.decode("free", as: Int.self) } == [8 - devices, 8_000 - milli])
        }
    }
}
