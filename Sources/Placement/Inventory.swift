package import CapacityModel

/// The fleet and what is taken from it over time. A value, cheap to copy, brought up to date by replacing calendars.
///
/// Sites stand in the order of their names, hosts in the order of their sites and then of their names, so that a
/// position is also a rank and the order in which the store read its rows leaves no trace in a plan.
package struct Inventory: Sendable {
    /// The version of the fleet. A fleet that changed is read anew.
    package private(set) var version: Int64
    /// By name.
    package let sites: [Site]
    /// By site, then by name.
    package let hosts: [Host]

    /// Beside `sites`: where in `hosts` each site's lie, and the groups it is in.
    let rooms: [Room]
    /// The sites by size, the smallest first: the order in which a short list of them is drawn up.
    let sitesBySize: [Int]
    let groupCounts: GroupCounts
    /// Beside `hosts`: what the viewer can have of each when nothing is reserved.
    private(set) var allocatable: [Amounts]
    private(set) var calendars: ChunkedArray<HostCalendar>
    /// When hosts are closed, by their position; most never are.
    private var closures: [Int: [Window]]
    /// What is protected on hosts, by their position and then by class.
    private let headrooms: [Int: [HostHeadroom]]
    /// The class whose tenants plan on this; `nil` where what is protected is as free as the rest.
    private var viewer: TenantClass?
    /// The rows of hosts that are closed at some time, on which something is only held, or protected, by their position: what
    /// a refusal looks at without the one or the other.
    private var layered: [Int: [InventoryReservation]] = [:]

    /// What the rows with GPUs ask for.
    private(set) var gpuMix = GPUMix()
    /// By name.
    let gpuModels: [String]

    private let siteIndices: [SiteID: Int]
    private let hostIndices: [HostID: Int]

    /// A host whose site is not among `sites`, or a reservation whose host is not among `hosts`, is left out: it came
    /// while the snapshot was being read, and the next one has it.
    ///
    /// - Parameters:
    ///   - closures: When hosts take nothing, whatever is free on them.
    ///   - headrooms: What is protected on them; it is out of reach in what ``seen(by:)`` returns.
    package init(
        version: Int64, sites: [Site], hosts: [Host], reservations: [InventoryReservation],
        closures: [HostID: [Window]] = [:], headrooms: [HostHeadroom] = []
    ) {
        let sites = sites.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        let siteIndices = Dictionary(zip(sites.map(\.id), sites.indices)) { first, _ in first }
        let placed = hosts.compactMap { host in siteIndices[host.site].map { (site: $0, host: host) } }
            .sorted { ($0.site, $0.host.name, $0.host.id) < ($1.site, $1.host.name, $1.host.id) }

        var ranges = [Range<Int>](repeating: 0..<0, count: sites.count)
        for (index, entry) in placed.enumerated() {
            let start = ranges[entry.site].isEmpty ? index : ranges[entry.site].lowerBound
            ranges[entry.site] = start..<(index + 1)
        }

        self.version = version
        self.sites = sites
        self.hosts = placed.map(\.host)
        (rooms, groupCounts) = Room.rooms(of: sites, hosts: ranges)
        let allocatable = self.hosts.map { Amounts($0.allocatable) }
        let sizes = ranges.map { hosts in hosts.reduce(0) { $0 + allocatable[$1].vcpuMilli } }
        sitesBySize = sites.indices.sorted { (sizes[$0], $0) < (sizes[$1], $1) }
        self.allocatable = allocatable
        self.siteIndices = siteIndices
        hostIndices = Dictionary(zip(self.hosts.map(\.id), self.hosts.indices)) { first, _ in first }
        var byHost: [Int: [HostHeadroom]] = [:]
        for headroom in headrooms.sorted(by: { $0.tenantClass < $1.tenantClass }) {
            if let index = hostIndices[headroom.host] { byHost[index, default: []].append(headroom) }
        }
        self.headrooms = byHost

        gpuModels = Set(self.hosts.compactMap(\.allocatable.gpuModel)).sorted()
        for row in reservations where !row.devices.isEmpty {
            if let index = hostIndices[row.host] { gpuMix.add(row, on: index) }
        }
        calendars = Self.calendars(of: reservations, on: self.hosts.count, indices: hostIndices)
        self.closures = [:]
        for (index, host) in self.hosts.enumerated() {
            guard let windows = closures[host.id], !windows.isEmpty else { continue }
            self.closures[index] = windows
            for reservation in host.taken(during: windows) { calendars[index] = calendars[index].adding(reservation) }
        }
        for reservation in reservations where reservation.isHold {
            if let index = hostIndices[reservation.host] { layered[index] = [] }
        }
        for index in self.closures.keys { layered[index] = [] }
        for index in byHost.keys { layered[index] = [] }
        for reservation in reservations {
            if let index = hostIndices[reservation.host] { layered[index]?.append(reservation) }
        }
    }

    /// The calendar of every host, in shared columns. The rows come to their hosts by a counting sort: an array of them for
    /// each host would take more memory than all the calendars.
    private static func calendars(
        of reservations: [InventoryReservation],
        on hostCount: Int,
        indices: [HostID: Int]
    ) -> ChunkedArray<HostCalendar> {
        let positions = reservations.map { indices[$0.host] ?? -1 }
        var starts = [Int](repeating: 0, count: hostCount + 1)
        for position in positions where position >= 0 { starts[position + 1] += 1 }
        for host in 0..<hostCount { starts[host + 1] += starts[host] }
        var next = starts
        var rows = [Int](repeating: 0, count: starts[hostCount])
        for (row, position) in positions.enumerated() where position >= 0 {
            rows[next[position]] = row
            next[position] += 1
        }
        let columns = CalendarColumns(capacity: 2 * rows.count)
        let stretches = (0..<hostCount).map { host in
            let mine = rows[starts[host]..<starts[host + 1]].lazy.map { reservations[$0] }
            return (steps: columns.append(mine), devices: DeviceCalendar(mine))
        }
        return ChunkedArray(stretches.map { HostCalendar(columns, $0.steps, devices: $0.devices) })
    }

    /// Makes `reservations` all that is taken from `host` and `closures` all of the time it is closed, whatever was
    /// before.
    package mutating func replaceCalendar(
        of host: HostID, with reservations: [InventoryReservation], closures: [Window] = []
    ) {
        guard let index = hostIndices[host] else { return }
        self.closures[index] = closures.isEmpty ? nil : closures
        let mine = reservations.filter { $0.host == host }
        calendars[index] = calendar(of: index, mine, isClosed: true)
        gpuMix.replace(on: index, with: mine)
        let isLayered = !closures.isEmpty || headrooms[index] != nil || mine.contains(where: \.isHold)
        layered[index] = isLayered ? mine : nil
    }

    /// Takes one row more out of its host; nothing where that is not in the fleet.
    package mutating func add(_ reservation: InventoryReservation) {
        guard let index = hostIndices[reservation.host] else { return }
        layered[index]?.append(reservation)
        gpuMix.add(reservation, on: index)
        calendars[index] =
            protection(of: index) == nil
            ? calendars[index].adding(reservation) : calendar(of: index, layered[index] ?? [], isClosed: true)
    }

    /// The calendar of a host with these rows, as the viewer meets it.
    private func calendar(of index: Int, _ rows: [InventoryReservation], isClosed: Bool) -> HostCalendar {
        let closed = isClosed ? hosts[index].taken(during: closures[index] ?? []) : []
        return HostCalendar((protection(of: index)?.rows(for: rows) ?? rows) + closed)
    }

    private func protection(of index: Int) -> HostProtection? {
        guard let viewer, let headrooms = headrooms[index] else { return nil }
        return HostProtection(
            headrooms: headrooms, viewer: viewer, allocatable: Amounts(hosts[index].allocatable))
    }

    /// The same fleet as tenants of `tenantClass` see it; to `nil` what is protected is as free as the rest.
    package func seen(by tenantClass: TenantClass?) -> Inventory {
        guard hasHeadroom, viewer != tenantClass else { return self }
        var other = self
        other.viewer = tenantClass
        for index in headrooms.keys {
            other.allocatable[index] = other.protection(of: index)?.reachable ?? Amounts(hosts[index].allocatable)
            other.calendars[index] = other.calendar(of: index, layered[index] ?? [], isClosed: true)
        }
        return other
    }

    /// Whether anything is protected for anybody.
    package var hasHeadroom: Bool { !headrooms.isEmpty }

    /// Whether something may be out of the viewer's reach for that reason.
    var hidesHeadroom: Bool { viewer != nil && hasHeadroom }

    /// The classes that something is protected for.
    var protectedClasses: Set<TenantClass> {
        headrooms.values.reduce(into: []) { $0.formUnion($1.map(\.tenantClass)) }
    }

    /// The GPUs of a host that are protected for the viewer.
    func ownDevices(of index: Int) -> Range<Int> {
        guard let viewer else { return 0..<0 }
        return headrooms[index]?.first { $0.tenantClass == viewer }?.devices ?? 0..<0
    }

    /// The sites with hosts of which something is protected.
    package var protectedSites: Set<SiteID> { Set(headrooms.keys.map { hosts[$0].site }) }

    /// When `host` is closed.
    package func closures(of host: HostID) -> [Window] {
        hostIndices[host].flatMap { closures[$0] } ?? []
    }

    /// How many hosts of `range` are closed at some moment of `window`.
    func closedCount(in range: Range<Int>, during window: Window) -> Int {
        guard !closures.isEmpty else { return 0 }
        return range.count { host in closures[host]?.contains { $0.overlaps(window) } ?? false }
    }

    /// Whether any host is closed at any time.
    var hasClosures: Bool { !closures.isEmpty }

    /// The same fleet without what takes room on it: what is reserved, or only what is held of it, what is closed, or what is
    /// protected for others.
    func lifting(reservations: Bool, holds: Bool, closures isOpened: Bool, headroom: Bool = false) -> Inventory {
        var other = headroom ? seen(by: nil) : self
        guard reservations || holds || isOpened else { return other }
        if reservations { other.calendars = ChunkedArray(repeating: .empty, count: calendars.count) }
        for (host, rows) in layered {
            let kept = reservations ? [] : rows.filter { !holds || !$0.isHold }
            other.calendars[host] = other.calendar(of: host, kept, isClosed: !isOpened)
        }
        return other
    }

    /// Takes what `plan` gives each of its hosts, its spare too, times `unit`, out of them throughout `window`. A host that is not in the
    /// fleet is left out.
    ///
    /// - Parameter tenantClass: Whose it is then, the viewer's if left out: it counts as used of what is protected for that class.
    package mutating func take(
        _ plan: Plan, of unit: Resources, during window: Window, by tenantClass: TenantClass? = nil
    ) {
        for group in plan.taken {
            add(
                InventoryReservation(
                    id: 0, host: group.host, held: window, amounts: unit * group.count, devices: group.devices,
                    tenantClass: tenantClass ?? viewer, instances: group.count))
        }
    }

    /// Whether every host of `plan` has room for what the plan gives it, times `unit`, throughout `window`. Not said of a plan
    /// with a spare or with GPUs, which is as good as one that does not fit.
    package func holds(_ plan: Plan, of unit: Resources, during window: Window) -> Bool {
        guard plan.spare.isEmpty else { return false }
        let unit = Amounts(unit)
        return plan.groups.allSatisfy { group in
            guard group.devices.isEmpty, let index = hostIndices[group.host] else { return false }
            return (allocatable[index] - calendars[index].peak(during: window)).fits(unit) >= group.count
        }
    }

    /// Takes all of every host throughout `window`.
    mutating func take(allDuring window: Window) {
        for host in hosts {
            for reservation in host.taken(during: [window]) { add(reservation) }
        }
    }

    package func site(_ id: SiteID) -> Site? {
        siteIndices[id].map { sites[$0] }
    }

    package func host(_ id: HostID) -> Host? {
        hostIndices[id].map { hosts[$0] }
    }

    /// What can still be reserved on `host` throughout `window`: its allocatable less the peak, resource by resource.
    /// Nothing on a host that is not in the fleet, nor, though something be reserved on it, on one that is closed then.
    package func free(on host: HostID, during window: Window) -> Resources {
        guard let index = hostIndices[host],
            closedCount(in: index..<(index + 1), during: window) == 0
        else { return .zero }
        var free = hosts[index].allocatable
        let allocatable = allocatable[index]
        let peak = calendars[index].peak(during: window)
        free.vcpuMilli = allocatable.vcpuMilli - peak.vcpuMilli
        free.memoryMiB = allocatable.memoryMiB - peak.memoryMiB
        free.diskGiB = allocatable.diskGiB - peak.diskGiB
        free.bandwidthMbps = allocatable.bandwidthMbps - peak.bandwidthMbps
        free.gpuCount = allocatable.gpuCount - peak.gpuCount
        return free
    }

    func hostIndex(of id: HostID) -> Int? { hostIndices[id] }

    func siteIndex(ofHost id: HostID) -> Int? {
        hostIndices[id].flatMap { siteIndices[hosts[$0].site] }
    }
}

extension Host {
    /// A closed stretch as the calendar has it: all of the host is taken, so that nothing fits, and everything comes
    /// free at its end.
    fileprivate func taken(during closures: [Window]) -> [InventoryReservation] {
        let devices = Array(0..<Int(allocatable.gpuCount))
        return closures.map {
            InventoryReservation(id: 0, host: id, held: $0, amounts: allocatable, devices: devices)
        }
    }
}
