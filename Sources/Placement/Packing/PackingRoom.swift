/// One node while it is being filled: what is left, and who stands where.
struct PackingRoom: Sendable {
    /// One item of a class, and the bits of the devices it stands on.
    struct Seat: Hashable, Sendable {
        var kind: Int
        var devices: UInt64
    }

    /// The bit of its GPU model.
    let model: UInt64
    private(set) var vcpuMilli: Int64
    private(set) var memoryMiB: Int64
    /// Thousandths left, over all devices.
    private(set) var gpuMilli: Int
    private(set) var deviceMilli: [Int]
    private(set) var seats: [Seat] = []

    init(_ node: PackingNode, model: UInt64) {
        self.model = model
        vcpuMilli = node.vcpuMilli
        memoryMiB = node.memoryMiB
        deviceMilli = node.deviceMilli
        gpuMilli = node.deviceMilli.reduce(0, +)
    }

    /// The bits of the devices on which one more of `kind` would stand, or `nil` where it does not fit.
    ///
    /// A share goes to the fullest device that takes it, so that large holes stay; whole devices are any free ones.
    func devices(for kind: PackingProblem.Class) -> UInt64? {
        guard kind.vcpuMilli <= vcpuMilli, kind.memoryMiB <= memoryMiB else { return nil }
        guard kind.deviceCount > 0 else { return 0 }
        guard kind.models & model != 0, kind.perDevice * kind.deviceCount <= gpuMilli else { return nil }
        return kind.perDevice < PackingNode.wholeDevice
            ? tightest(kind.perDevice) : free(kind.deviceCount)
    }

    private func tightest(_ milli: Int) -> UInt64? {
        var best = (left: Int.max, index: 0)
        for (index, left) in deviceMilli.enumerated() where left >= milli && left < best.left {
            best = (left, index)
        }
        return best.left == .max ? nil : 1 << UInt64(best.index)
    }

    private func free(_ count: Int) -> UInt64? {
        var bits: UInt64 = 0
        var rest = count
        for (index, left) in deviceMilli.enumerated() where left >= PackingNode.wholeDevice {
            bits |= 1 << UInt64(index)
            rest -= 1
            if rest == 0 { return bits }
        }
        return nil
    }

    /// Seats one more of `kind`, which is class number `number`; false where it does not fit.
    mutating func seat(_ kind: PackingProblem.Class, number: Int) -> Bool {
        guard let devices = devices(for: kind) else { return false }
        seat(kind, number: number, devices: devices)
        return true
    }

    /// Seats one more on devices that have room for it.
    mutating func seat(_ kind: PackingProblem.Class, number: Int, devices: UInt64) {
        change(by: -1, kind, devices)
        seats.append(Seat(kind: number, devices: devices))
    }

    /// Sends away the seats at `positions`, which fall.
    mutating func vacate(_ positions: [Int], _ classes: [PackingProblem.Class]) {
        for position in positions {
            let seat = seats[position]
            seats.swapAt(position, seats.count - 1)
            seats.removeLast()
            change(by: 1, classes[seat.kind], seat.devices)
        }
    }

    private mutating func change(by sign: Int, _ kind: PackingProblem.Class, _ devices: UInt64) {
        vcpuMilli += Int64(sign) * kind.vcpuMilli
        memoryMiB += Int64(sign) * kind.memoryMiB
        gpuMilli += sign * kind.perDevice * kind.deviceCount
        var bits = devices
        while bits != 0 {
            deviceMilli[bits.trailingZeroBitCount] += sign * kind.perDevice
            bits &= bits - 1
        }
    }
}
