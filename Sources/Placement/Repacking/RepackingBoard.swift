import CapacityModel

/// A re-packing in the making: the calendars as they are after the moves so far.
struct RepackingBoard {
    private(set) var repacking = Repacking()
    private let inventory: Inventory
    private let limits: RepackingLimits
    private let rows: [MovableReservation]
    /// Beside `rows`. A row moves once: twice would be a way round.
    private var isMoved: [Bool]
    /// Beside the hosts.
    private var calendars: ChunkedArray<HostCalendar>
    private var rowsOnHost: [[Int]]
    private var attempts = 0

    /// A host that was passed over may win once others have moved; more passes than these found nothing worth the work.
    private static let passes = 3

    init(_ movable: [MovableReservation], on inventory: Inventory, limits: RepackingLimits) {
        self.inventory = inventory
        self.limits = limits
        let placed = movable.compactMap { row in
            row.reservation.amounts.gpuUse == nil
                ? inventory.hostIndex(of: row.reservation.host).map { (host: $0, row: row) } : nil
        }.sorted { ($0.host, $0.row.reservation.id) < ($1.host, $1.row.reservation.id) }
        rows = placed.map(\.row)
        isMoved = rows.map { _ in false }
        calendars = inventory.calendars
        if let from = limits.from {
            for host in calendars.indices { calendars[host].forget(before: from) }
        }
        rowsOnHost = [[Int]](repeating: [], count: inventory.hosts.count)
        for (row, entry) in placed.enumerated() { rowsOnHost[entry.host].append(row) }
    }

    private var isOver: Bool { repacking.moves.count >= limits.moves || attempts >= limits.attempts }

    mutating func run() {
        for _ in 0..<Self.passes {
            let before = repacking.moves.count
            for host in promisingHosts() where !isOver { relieve(host) }
            if isOver || repacking.moves.count == before { return }
        }
    }

    /// Hosts with movable rows that would win something without them, the most for each row first.
    private func promisingHosts() -> [Int] {
        rowsOnHost.indices.compactMap { host -> (worth: Double, host: Int)? in
            let rows = rowsOnHost[host].filter { !isMoved[$0] }
            guard !rows.isEmpty else { return nil }
            var calendar = calendars[host]
            var won: Int64 = 0
            for row in rows { won += leave(row, host, &calendar) }
            guard won > 0 || calendar.isEmpty else { return nil }
            return (Double(won) / Double(rows.count), host)
        }.sorted { ($1.worth, $0.host) < ($0.worth, $1.host) }.map(\.host)
    }

    /// Moves all that is movable off `host` where that pays, else each row that pays by itself.
    private mutating func relieve(_ host: Int) {
        let rows = rowsOnHost[host].filter { !isMoved[$0] }.sorted { (size($1), $0) < (size($0), $1) }
        if let trial = trial(of: rows, from: host), isGain(trial) { return take(trial) }
        for row in rows where rows.count > 1 && !isOver {
            if let trial = trial(of: [row], from: host), isGain(trial) { take(trial) }
        }
    }

    private func isGain(_ trial: Trial) -> Bool {
        trial.steps.count <= limits.moves - repacking.moves.count
            && (trial.won > 0 || (trial.won == 0 && trial.calendars[trial.from]?.isEmpty == true))
    }

    private func size(_ row: Int) -> Double {
        let amounts = rows[row].reservation.amounts
        return Double(amounts.vcpuMilli) / Double(LargeSlot.vcpuMilli)
            + Double(amounts.memoryMiB) / Double(LargeSlot.memoryMiB)
    }
}

extension RepackingBoard {
    /// Rows that leave one host, where each would go, and the calendars of all hosts concerned.
    private struct Trial {
        let from: Int
        var steps: [(row: Int, to: Int)] = []
        var calendars: [Int: HostCalendar] = [:]
        var won: Int64 = 0
    }

    /// `nil` where one of the rows has no other place.
    private mutating func trial(of rows: [Int], from host: Int) -> Trial? {
        var trial = Trial(from: host)
        for row in rows {
            guard let (target, cost) = cheapestTarget(for: row, in: trial) else { return nil }
            trial.won -= cost
            trial.won += leave(row, host, &trial.calendars[host, default: calendars[host]])
            let reservation = self.rows[row].reservation
            trial.calendars[target, default: calendars[target]]
                .change(by: Amounts(reservation.amounts), during: reservation.held)
            trial.steps.append((row, target))
        }
        return trial
    }

    /// The host of the site that loses the least time of large slots, among equals the one with the least left.
    private mutating func cheapestTarget(for row: Int, in trial: Trial) -> (host: Int, cost: Int64)? {
        let (reservation, owner) = (rows[row].reservation, rows[row].owner)
        let amounts = Amounts(reservation.amounts)
        var best: (cost: Int64, left: Int64, host: Int)?
        guard let site = inventory.siteIndex(ofHost: inventory.hosts[trial.from].id) else { return nil }
        for host in inventory.rooms[site].hosts where host != trial.from {
            let calendar = trial.calendars[host] ?? calendars[host]
            attempts += 1
            guard !calendar.isEmpty, !rowsOnHost[host].contains(where: { rows[$0].owner == owner }),
                !trial.steps.contains(where: { $0.to == host && rows[$0.row].owner == owner })
            else { continue }
            let free = calendar.room(of: inventory.allocatable[host], during: reservation.held).free
            guard !free.isBelowSomewhere(amounts) else { continue }
            let cost = calendar.slotSeconds(
                lostTo: amounts, of: inventory.allocatable[host], during: reservation.held)
            let candidate = (cost, free.vcpuMilli, host)
            if best.map({ candidate < $0 }) ?? true { best = candidate }
        }
        return best.map { ($0.host, $0.cost) }
    }

    /// Takes `row` out of a calendar of `host` and returns the seconds of large slots that wins.
    private func leave(_ row: Int, _ host: Int, _ calendar: inout HostCalendar) -> Int64 {
        let reservation = rows[row].reservation
        let amounts = Amounts(reservation.amounts)
        calendar.change(by: Amounts.zero - amounts, during: reservation.held)
        return calendar.slotSeconds(lostTo: amounts, of: inventory.allocatable[host], during: reservation.held)
    }

    private mutating func take(_ trial: Trial) {
        for (host, calendar) in trial.calendars { calendars[host] = calendar }
        for (row, target) in trial.steps {
            var reservation = rows[row].reservation
            reservation.host = inventory.hosts[trial.from].id
            repacking.moves.append(
                Repacking.Move(
                    reservation: reservation, site: inventory.hosts[target].site, to: inventory.hosts[target].id)
            )
            rowsOnHost[trial.from].removeAll { $0 == row }
            rowsOnHost[target].append(row)
            isMoved[row] = true
        }
        repacking.slotSecondsWon += trial.won
        if calendars[trial.from].isEmpty { repacking.hostsEmptied += 1 }
    }
}
