import CapacityModel
import Testing

@testable import Placement

@Suite("Calendars of hosts")
struct HostCalendarTests {
    /// More than are counted one by one.
    private static let most = 40

    @Test("one changed row by row is the one made of all of them, and of none once they are taken back")
    func rowByRow() {
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed))
            let rows = Self.rows(random.below(Self.most), &random)
            var calendar = HostCalendar.empty
            for row in rows { calendar = calendar.adding(row) }
            #expect(calendar == HostCalendar(rows), "seed \(seed)")
            for row in rows {
                calendar.change(by: .zero - Amounts(row.amounts), during: row.held)
            }
            #expect(calendar == .empty && calendar.isEmpty, "seed \(seed)")
        }
    }

    @Test("those of a fleet, in one stretch of columns, are those of its hosts by themselves")
    func shared() {
        for seed in 0..<100 {
            var random = SplitMix64(seed: UInt64(seed))
            let hosts = (0..<20).map { _ in Self.rows(random.below(Self.most), &random) }
            let columns = CalendarColumns(capacity: 2 * hosts.joined().count)
            let stretches = hosts.map { columns.append($0) }
            let made = zip(hosts, stretches).map { rows, steps in
                HostCalendar(columns, steps, devices: DeviceCalendar(rows))
            }
            var calendars = ChunkedArray(made)
            #expect(calendars.elementsEqual(hosts.map { HostCalendar($0) }), "seed \(seed)")
            // One that changes leaves the others, and its copy, as they are.
            let (copy, changed) = (calendars, random.below(hosts.count))
            calendars[changed] = calendars[changed].adding(Self.rows(1, &random)[0])
            #expect(copy.elementsEqual(hosts.map { HostCalendar($0) }), "seed \(seed)")
            #expect(calendars.indices.filter { calendars[$0] != copy[$0] } == [changed], "seed \(seed)")
        }
    }

    @Test("room read in place is that of the calendar, and what was forgotten takes none of what comes after")
    func room() {
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed))
            let rows = Self.rows(random.below(Self.most), &random)
            let calendars = ChunkedArray([HostCalendar(rows), .empty])
            let allocatable = Amounts(Resources.oneCore) * 200
            var forgetful = calendars[0]
            let from = random.below(30)
            forgetful.forget(before: .hour(from))
            for start in 0..<30 {
                let window = Window.hours(start..<(start + 1 + random.below(6)))
                let room = calendars.steps(of: 0).room(of: allocatable, during: window)
                #expect(room == calendars[0].room(of: allocatable, during: window), "seed \(seed)")
                #expect(room.free == allocatable - calendars[0].peak(during: window), "seed \(seed)")
                #expect(calendars.steps(of: 1).room(of: allocatable, during: window).free == allocatable)
                if start >= from {
                    #expect(forgetful.peak(during: window) == calendars[0].peak(during: window), "seed \(seed)")
                }
            }
        }
    }

    private static func rows(_ count: Int, _ random: inout SplitMix64) -> [InventoryReservation] {
        (0..<count).map { number in
            let start = random.below(30)
            return InventoryReservation(
                id: Int64(number), host: HostID(rawValue: 1), held: .hours(start..<(start + 1 + random.below(6))),
                amounts: .oneCore * (1 + random.below(4)))
        }
    }
}
